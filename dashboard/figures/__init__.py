"""Results of core as Plotly figures: plain dicts with typed arrays, which cost a tenth of building `go.Figure`."""
