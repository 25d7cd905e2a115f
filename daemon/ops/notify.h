/* ops/notify.h - tells systemd how it goes: READY, STATUS, RELOADING, STOPPING, WATCHDOG. Does nothing elsewhere.
 *
 * Never waits for the manager. A change of state that it has no room for goes again with the next status. */
#ifndef OPS_NOTIFY_H
#define OPS_NOTIFY_H

#include <stdint.h>

void notify_ready(void);
void notify_reloading(void);
void notify_stopping(uint64_t timeout_us);
void notify_status(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Half of the watchdog's time in milliseconds, or 0 when none is asked for. */
uint64_t notify_watchdog_ms(void);
void notify_alive(void);

#endif
