from dashboard.scene.page_controls import PAGE_CONTROLS, controls_on
from dashboard.scene.settings import SETTINGS


def test_all_settings_with_a_control_can_be_locked_somewhere_and_labels_tell_them_apart():
    everywhere = controls_on(tuple(PAGE_CONTROLS))
    assert SETTINGS.keys() - everywhere.keys() == {"hidden", "test_map", "upload"}
    assert len(set(everywhere.values())) == len(everywhere)


def test_a_page_offers_the_controls_of_the_sidebar_and_its_own():
    on_neuron = controls_on(("Neuron",))
    assert {"theta0", "sigma", "seed", "firing"} <= on_neuron.keys()
    assert not {"candidate_theta0", "grid", "hidden"} & on_neuron.keys()
    assert controls_on(("Landscape",))["candidate_theta0"] == "θ₀ offset of the candidate"
