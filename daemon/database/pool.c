/* database/pool.c */
