/* plan/footprint.c */
