/* tests/simulation/process.h - one rowd after the other in the same place: the real engine on a loop of its own. It is
 * started, killed, frozen, drained, and started again as a new one. */
#ifndef SIMULATION_PROCESS_H
#define SIMULATION_PROCESS_H

#include "common/bytes.h"

#include <stdbool.h>
#include <stdint.h>

struct process;
struct loop;
struct worker;

enum process_state { PROCESS_GONE, PROCESS_RUNNING, PROCESS_FROZEN, PROCESS_DRAINING };

enum { PROCESSES_MOST = 4 };

/* Where the worker's id is kept between runs; made before the first seed, removed after the last. */
void processes_open(void);
void processes_close(void);

/* All are gone at first. */
void processes_begin(void);
/* Kills what is left. */
void processes_end(void);

struct process *process_at(uint32_t index);
enum process_state process_state(const struct process *process);
struct loop *process_loop(const struct process *process);
bool process_has_id(const struct process *process, struct bytes id);
/* NULL when it is gone. */
const struct worker *process_worker(const struct process *process);

/* proof: the file with its predecessor's id is still there, and can be locked. */
void process_start(struct process *process, bool proof);
/* host_is_gone: nobody says goodbye for it. */
void process_kill(struct process *process, bool host_is_gone);
void process_freeze(struct process *process);
void process_thaw(struct process *process);
void process_drain(struct process *process);

/* Whether it has been at work for so long, and is now. */
bool process_has_worked(const struct process *process, uint64_t for_us);

/* Whether it holds the first queue, if that is not shared. */
bool process_owns(const struct process *process);

/* Whether it holds nothing: no command, no reply, no byte. */
bool process_is_empty(const struct process *process, const char **ret_what);

#endif
