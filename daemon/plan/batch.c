/* plan/batch.c */
