/* database/introspection.c */
