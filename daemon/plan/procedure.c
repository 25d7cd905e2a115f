/* plan/procedure.c */
