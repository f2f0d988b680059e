"""Frees what a session held once its browser has been away for a while.

Streamlit keeps a session that lost its connection for minutes, with an event loop of three open files, and drops it
only when another one leaves.
"""

import asyncio
from contextlib import suppress

from streamlit.runtime import Runtime

from dashboard.scene.holdings import departed
from dashboard.serving.memory import give_back

AWAY_S = 30.0  # after which a session is closed: a browser that lost its connection has come back by then
MOST_AWAY = 40  # sessions; of more, the first that left are closed at once
GLANCE_S = 5.0


async def free_departed() -> None:
    """Close sessions that have left, for ever; in the server's event loop."""
    runtime = Runtime.instance()
    while True:
        await asyncio.sleep(GLANCE_S)
        gone = departed(runtime.is_active_session, AWAY_S, MOST_AWAY)
        for session in gone:
            with suppress(Exception):  # Streamlit's own ending of one session must not keep the others
                runtime.close_session(session)
        if gone:
            await asyncio.to_thread(give_back)
