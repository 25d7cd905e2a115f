/* plan/catalog.c */
