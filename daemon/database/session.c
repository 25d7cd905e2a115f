/* database/session.c */
