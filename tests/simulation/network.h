/* tests/simulation/network.h - how long things take on their way to either server, and how connections are lost. */
#ifndef SIMULATION_NETWORK_H
#define SIMULATION_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

struct process;

void network_begin(void);

/* Of one message, in either direction. */
uint64_t network_latency_us(void);

/* Cuts one of the process' connections to Redis. False when it has none. */
bool network_cut_one(struct process *process);
/* The next claim that takes something is executed, and its connection lost before the answer has come. */
void network_lose_claim(void);
/* Redis itself is gone. */
void network_cut_all(void);

/* The process has died: what it has sent is still on its way. */
void network_abandon(struct process *process, bool host_is_gone);

#endif
