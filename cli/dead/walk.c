/* cli/dead/walk.c - see walk.h. */
#include "cli/dead/walk.h"

/* One page has at most so many letters; less when they are large. */
enum { PAGE_LETTERS = 1024 };

/* How many came since the page before. The count is of Redis, where anybody may have written to it. */
static int64_t came_since(const struct walk *walk)
{
	if (walk->pending == 0 || walk->page.buried <= walk->buried)
		return 0;
	int64_t came = walk->page.buried - walk->buried;
	return came < walk->page.total ? came : walk->page.total;
}

static int read_page(struct walk *walk)
{
	int64_t pending = page_next(&walk->page, walk->pending, PAGE_LETTERS);
	int result = store_read(walk->store, walk->at, walk->at + pending - 1, &walk->page);

	if (result < 0)
		return result;
	/* Each that came has pushed one that we know onto this page. */
	int64_t known = came_since(walk), size = (int64_t)walk->page.size;
	walk->on_page = (size_t)(known < size ? known : size);
	walk->at += known > size ? known : size;
	walk->buried = walk->page.buried;
	walk->pending = pending;
	return 0;
}

int walk_next(struct walk *walk, struct bytes *ret_raw)
{
	while (walk->on_page == walk->page.size) {
		if (walk->pending > (int64_t)walk->page.size)
			return 0;
		int result = read_page(walk);
		if (result < 0)
			return result;
	}
	*ret_raw = page_letter(&walk->page, walk->on_page++);
	return 1;
}

void walk_end(struct walk *walk)
{
	page_free(&walk->page);
}
