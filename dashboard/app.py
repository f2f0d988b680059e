"""Navigation: which pages there are, in the order of the argument."""

import streamlit as st

from dashboard import session
from dashboard.views import inverse_map, landscape, neuron, training, your_data

st.set_page_config(page_title="Inverse Lab", layout="wide")
session.begin()
st.navigation(
    [
        st.Page(neuron.show, title="Neuron", url_path="neuron", default=True),
        st.Page(landscape.show, title="Landscape", url_path="landscape"),
        st.Page(inverse_map.show, title="Inverse map", url_path="inverse-map"),
        st.Page(training.show, title="Train", url_path="train"),
        st.Page(your_data.show, title="Your data", url_path="your-data"),
    ],
    position="top",
).run()
