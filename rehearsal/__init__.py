"""Rehearse a sale on the real pipeline, say what saturates first and what the peak needs: `hongbao rehearse`."""
