"""Write routes, and the GETs that record a fact."""
