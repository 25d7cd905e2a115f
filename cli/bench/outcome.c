/* cli/bench/outcome.c - see outcome.h. */
#include "cli/bench/outcome.h"

#include "cli/arguments.h"
#include "cli/reply.h"

#include <inttypes.h>

/* One reply in so many without a row makes the figures those of another load. Fewer are nothing to tell: a mixed load
 * deletes, and meets the gaps when it runs again. */
enum { MANY_MISSED = 10 };

enum { ERROR_BYTES = 1 << 20 };

static bool is_measured(const struct drive_result *result)
{
	return result->answered > result->failed;
}

static void print_error(const struct drive_result *result, const char *before,
			void (*append)(struct bytes reply, struct buffer *out))
{
	struct buffer text;

	if (result->failed == 0)
		return;
	buffer_init(&text, ERROR_BYTES);
	append(buffer_bytes(&result->first_failed), &text);
	if (!buffer_failed(&text))
		printf("%s%.*s", before, BYTES_ARG(buffer_bytes(&text)));
	buffer_free(&text);
}

static void print_latency(const struct histogram *took)
{
	printf("latency   p50 %" PRIu64 " us, p99 %" PRIu64 " us, p99.9 %" PRIu64 " us, max %" PRIu64 " us\n",
	       histogram_quantile_us(took, 0.5), histogram_quantile_us(took, 0.99), histogram_quantile_us(took, 0.999),
	       took->largest_us);
	histogram_print(took, stdout);
}

static void print_table(const struct drive_result *result)
{
	printf("answered  %" PRIu64 " of %" PRIu64 ", %" PRIu64 " with an error, %" PRIu64 " found no row\n",
	       result->answered, result->pushed, result->failed, result->missed);
	print_error(result, "error     the first: ", reply_append_error);
	fputs(result->failed > 0 ? "\n" : "", stdout);
	printf("time      %.2f s\n", result->seconds);
	if (!is_measured(result))
		return;
	printf("rate      %.0f/s\n", result->per_second);
	if (result->took.count > 0)
		print_latency(&result->took);
}

static void print_json(const struct drive_result *result)
{
	const struct histogram *took = &result->took;

	printf("{\"pushed\":%" PRIu64 ",\"answered\":%" PRIu64 ",\"failed\":%" PRIu64 ",\"missed\":%" PRIu64
	       ",\"seconds\":%.6f",
	       result->pushed, result->answered, result->failed, result->missed, result->seconds);
	if (is_measured(result))
		printf(",\"per_second\":%.1f", result->per_second);
	if (is_measured(result) && took->count > 0)
		printf(",\"p50_us\":%" PRIu64 ",\"p99_us\":%" PRIu64 ",\"p999_us\":%" PRIu64 ",\"max_us\":%" PRIu64,
		       histogram_quantile_us(took, 0.5), histogram_quantile_us(took, 0.99),
		       histogram_quantile_us(took, 0.999), took->largest_us);
	print_error(result, ",\"error\":", reply_append_error_json);
	puts("}");
}

static void warn_of_missing_rows(const struct drive_result *result, const struct load *load)
{
	if (result->missed <= result->answered / MANY_MISSED)
		return;
	fprintf(stderr,
		"rowctl: %" PRIu64 " of %" PRIu64 " replies found no row: the rows with the keys 1 to %" PRIu64
		" have to be there first.\n"
		"rowctl: `rowctl bench create --count %" PRIu64 "`, with the same --table, writes them into %s.\n",
		result->missed, result->answered, load->keys, load->keys * load->table_count,
		load->table_count == 1 ? "a table that is new or was truncated"
				       : "tables that are new or were truncated");
}

int outcome_print(const struct drive_result *result, const struct load *load, bool json)
{
	if (json)
		print_json(result);
	else
		print_table(result);
	warn_of_missing_rows(result, load);
	return result->failed > 0 && !is_measured(result) ? EXIT_NOT_OK : 0;
}
