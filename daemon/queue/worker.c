/* queue/worker.c */
