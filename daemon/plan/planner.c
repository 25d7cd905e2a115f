/* plan/planner.c */
