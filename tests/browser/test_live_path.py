"""Who answers while a control is dragged: the live route, and Streamlit where that fails."""

import pytest

pytestmark = pytest.mark.browser


@pytest.fixture
def watched(lab):
    """A tab, the requests that it sends to the live route, and the messages that it sends to Streamlit."""
    asked, told = [], []

    def note(request):
        if request.url.endswith("/lab/live"):
            asked.append(request.post_data_json)

    lab.page.on("request", note)
    lab.page.on("websocket", lambda websocket: websocket.on("framesent", lambda frame: told.append(frame)))
    return lab, asked, told


def test_the_route_answers_a_drag_and_streamlit_hears_of_the_release_alone(watched):
    lab, asked, told = watched
    lab.open()
    first = len(told)
    with lab.held("theta0") as drag_to:
        for share in (0.6, 0.65, 0.7):
            drag_to(share)
        assert [request["changes"] for request in asked] == [{"theta0": "0.52"}, {"theta0": "0.58"}, {"theta0": "0.64"}]
        assert {request["page"] for request in asked} == {"neuron"}
        assert "theta0=0.4&" in asked[0]["address"]
        # All that the first answer has drawn in full slides from then on.
        assert asked[1]["drawn"] == asked[2]["drawn"]
        assert len(told) == first
    assert len(told) > first
    lab.until("location.search.includes('theta0=0.64&')")
    lab.drag("theta1", 0.6)
    assert "theta0=0.64&" in asked[-1]["address"]
    assert asked[-1]["changes"].keys() == {"theta1"}


def test_a_drag_goes_on_without_a_word_where_the_route_fails(watched):
    lab, asked, told = watched
    lab.page.route("**/lab/live", lambda route: route.fulfill(body="no JSON"))
    lab.open()
    first = len(told)
    seen = []
    with lab.held("theta0") as drag_to:
        for share in (0.6, 0.65, 0.7):
            drag_to(share)
            seen.append(lab.outline("potential", "truth"))
        assert len(set(seen)) == 3
        assert asked
        assert len(told) >= first + 3
        assert lab.notes() == ""
    assert lab.value("theta0") == 0.64
