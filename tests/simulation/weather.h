/* tests/simulation/weather.h - what goes wrong, and when: drawn from the seed. */
#ifndef SIMULATION_WEATHER_H
#define SIMULATION_WEATHER_H

#include <stdint.h>

/* Draws the climate, and lets it begin; it ends at until_us. */
void weather_begin(uint64_t until_us);

/* No climate: nothing goes wrong but what a story tells. */
void weather_calm(void);

/* Peace: all is mended, everybody runs. */
void weather_end(void);

/* From now on nobody is started again. */
void weather_close(void);

#endif
