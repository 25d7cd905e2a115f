/* tests/simulation/world.c */
#include "world.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* No clock starts at zero, and a duration may be taken from what was long before. */
enum { START_SECONDS = 1000 };

struct event {
	uint64_t time_us, sequence;
	happening *happens;
	void *context;
	uint64_t argument;
};

struct piece {
	struct piece *next;
	_Alignas(16) char data[];
};

static struct {
	uint64_t seed, random, now_us, sequence;
	struct event *heap;
	size_t count, capacity;
	struct piece *pieces;
	enum tracing tracing;
	char *trace;
	size_t trace_size, trace_capacity;
} world;

/* --- memory --- */

void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);

static void *checked(void *memory)
{
	if (memory)
		return memory;
	fputs("simulation: out of memory\n", stderr);
	abort();
}

void *must_alloc(size_t size)
{
	return checked(__real_calloc(1, size ? size : 1));
}

void *must_grow(void *old, size_t size)
{
	return checked(__real_realloc(old, size));
}

void must_free(void *memory)
{
	free(memory);
}

void *world_alloc(size_t size)
{
	struct piece *piece = must_alloc(sizeof(*piece) + size);

	piece->next = world.pieces;
	world.pieces = piece;
	return piece->data;
}

/* --- chance: splitmix64 --- */

static uint64_t next_random(void)
{
	uint64_t z = (world.random += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

uint64_t draw(uint64_t bound)
{
	return bound ? next_random() % bound : 0;
}

uint64_t draw_between(uint64_t low, uint64_t high)
{
	return low + draw(high - low + 1);
}

bool one_in(uint64_t n)
{
	return draw(n) == 0;
}

void draw_bytes(void *to, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((unsigned char *)to)[i] = (unsigned char)next_random();
}

/* --- events: a binary heap --- */

static bool comes_before(const struct event *a, const struct event *b)
{
	return a->time_us < b->time_us || (a->time_us == b->time_us && a->sequence < b->sequence);
}

static void swap(size_t a, size_t b)
{
	struct event event = world.heap[a];

	world.heap[a] = world.heap[b];
	world.heap[b] = event;
}

void world_at(uint64_t time_us, happening *happens, void *context, uint64_t argument)
{
	size_t at = world.count++;

	if (world.count > world.capacity) {
		world.capacity = world.capacity ? world.capacity * 2 : 256;
		world.heap = must_grow(world.heap, world.capacity * sizeof(*world.heap));
	}
	world.heap[at] = (struct event){.time_us = time_us > world.now_us ? time_us : world.now_us,
					.sequence = ++world.sequence,
					.happens = happens,
					.context = context,
					.argument = argument};
	for (; at > 0 && comes_before(&world.heap[at], &world.heap[(at - 1) / 2]); at = (at - 1) / 2)
		swap(at, (at - 1) / 2);
}

void world_in(uint64_t delay_us, happening *happens, void *context, uint64_t argument)
{
	world_at(world.now_us + delay_us, happens, context, argument);
}

static void sink(size_t at)
{
	for (;;) {
		size_t first = at, child = 2 * at + 1;

		for (size_t i = child; i < child + 2 && i < world.count; i++)
			if (comes_before(&world.heap[i], &world.heap[first]))
				first = i;
		if (first == at)
			return;
		swap(at, first);
		at = first;
	}
}

uint64_t world_next_us(void)
{
	return world.count > 0 ? world.heap[0].time_us : UINT64_MAX;
}

bool world_step(void)
{
	struct event event;

	if (world.count == 0)
		return false;
	event = world.heap[0];
	world.heap[0] = world.heap[--world.count];
	sink(0);
	world.now_us = event.time_us;
	event.happens(event.context, event.argument);
	return true;
}

void world_wait_until(uint64_t time_us)
{
	if (time_us > world.now_us && time_us <= world_next_us())
		world.now_us = time_us;
}

uint64_t world_now_us(void)
{
	return world.now_us;
}

uint64_t world_seed(void)
{
	return world.seed;
}

/* --- the trace --- */

bool world_traces(void)
{
	return world.tracing != TRACE_NONE;
}

static void note(const char *text, size_t size)
{
	if (world.trace_size + size + 1 > world.trace_capacity) {
		world.trace_capacity = 2 * (world.trace_capacity + size + 1);
		world.trace = must_grow(world.trace, world.trace_capacity);
	}
	memcpy(world.trace + world.trace_size, text, size);
	world.trace_size += size;
	world.trace[world.trace_size] = '\0';
}

void trace(const char *format, ...)
{
	char line[1024];
	va_list arguments;
	int size, rest;

	if (world.tracing == TRACE_NONE)
		return;
	size = snprintf(line, sizeof(line), "%10.3f ", (double)(world.now_us - START_SECONDS * (uint64_t)SECOND) / MS);
	va_start(arguments, format);
	rest = vsnprintf(line + size, sizeof(line) - (size_t)size - 1, format, arguments);
	va_end(arguments);
	size += rest < (int)sizeof(line) - size - 2 ? rest : (int)sizeof(line) - size - 2;
	line[size++] = '\n';
	note(line, (size_t)size);
}

/* "#1" is not meant by "#17". */
static bool mentions(const char *line, size_t size, const char *about)
{
	size_t length = strlen(about);

	for (size_t i = 0; i + length <= size; i++)
		if (memcmp(line + i, about, length) == 0 &&
		    (i + length == size || line[i + length] < '0' || line[i + length] > '9'))
			return true;
	return false;
}

void world_tell(FILE *to, const char *about)
{
	const char *line = world.trace;

	while (line && *line) {
		const char *end = strchr(line, '\n');
		size_t size = (size_t)(end - line);

		if (world.tracing == TRACE_WHOLE || (about && mentions(line, size, about)) ||
		    mentions(line, size, "~ "))
			fprintf(to, "%.*s\n", (int)size, line);
		line = end + 1;
	}
}

void violated(const char *about, const char *format, ...)
{
	va_list arguments;

	if (world.tracing != TRACE_NONE)
		world_tell(stderr, world.tracing == TRACE_WHOLE ? NULL : about);
	fprintf(stderr, "simulation: seed %" PRIu64 ", %.3f ms: ", world.seed,
		(double)(world.now_us - START_SECONDS * (uint64_t)SECOND) / MS);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	fflush(stderr);
	_Exit(3);
}

/* --- begin and end --- */

void world_begin(uint64_t seed, enum tracing tracing)
{
	world.seed = seed;
	world.random = seed * 0xd1342543de82ef95u + 1;
	world.now_us = START_SECONDS * (uint64_t)SECOND;
	world.sequence = 0;
	world.count = 0;
	world.tracing = tracing;
	world.trace_size = 0;
}

void world_end(void)
{
	while (world.pieces) {
		struct piece *piece = world.pieces;

		world.pieces = piece->next;
		must_free(piece);
	}
	must_free(world.heap);
	must_free(world.trace);
	world.heap = NULL;
	world.trace = NULL;
	world.count = world.capacity = world.trace_size = world.trace_capacity = 0;
}
