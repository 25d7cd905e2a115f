/* tests/support/allocations.c */
#include "tests/support/allocations.h"

#include <execinfo.h>
#include <stddef.h>

static uint32_t remaining; /* 0: none is to fail */
static bool has_failed;
static bool pieces_count;
static bool paused;
static struct allocation_site *noted;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

void allocations_fail_at(uint32_t n)
{
	remaining = n;
	has_failed = false;
	pieces_count = true;
}

void allocations_fail_at_memory(uint32_t n)
{
	allocations_fail_at(n);
	pieces_count = false;
}

bool allocations_end(void)
{
	remaining = 0;
	return has_failed;
}

void allocations_pause(void)
{
	paused = true;
}

void allocations_resume(void)
{
	paused = false;
}

void allocations_note_site(struct allocation_site *site)
{
	noted = site;
}

static bool is_to_fail(void)
{
	if (remaining == 0 || paused || --remaining > 0)
		return false;
	has_failed = true;
	if (noted)
		noted->count = backtrace(noted->frames, ALLOCATION_FRAMES);
	return true;
}

bool allocations_piece_is_to_fail(void)
{
	return pieces_count && is_to_fail();
}

void *__wrap_malloc(size_t size)
{
	return is_to_fail() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return is_to_fail() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return is_to_fail() ? NULL : __real_realloc(old, size);
}
