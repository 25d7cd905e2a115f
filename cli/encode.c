/* cli/encode.c - `rowctl encode` and `rowctl decode`: between JSON and msgpack, from standard input to standard output.
 */
#include "cli/arguments.h"
#include "cli/text.h"

#include <stdio.h>
#include <sysexits.h>

static int no_operands(const struct arguments *arguments)
{
	if (!arguments->operands[0])
		return 0;
	fputs("rowctl: reads standard input and takes no operands\n", stderr);
	return EX_USAGE;
}

static int encode(const struct arguments *arguments)
{
	struct buffer json, msgpack;
	int status = no_operands(arguments);

	buffer_init(&json, TEXT_BYTES);
	buffer_init(&msgpack, TEXT_BYTES);
	if (status == 0 &&
	    (text_read_all(stdin, &json) < 0 || text_encode(buffer_bytes(&json), "standard input", &msgpack) < 0))
		status = EX_DATAERR;
	if (status == 0)
		fwrite(msgpack.data, 1, msgpack.size, stdout);
	buffer_free(&json);
	buffer_free(&msgpack);
	return status;
}

static int decode(const struct arguments *arguments)
{
	struct buffer msgpack;
	int status = no_operands(arguments);

	buffer_init(&msgpack, TEXT_BYTES);
	if (status == 0 && (text_read_all(stdin, &msgpack) < 0 || text_print(buffer_bytes(&msgpack), stdout) < 0))
		status = EX_DATAERR;
	buffer_free(&msgpack);
	return status;
}

const struct rowctl_command encode_command = {
	.name = "encode",
	.summary = "JSON on standard input to msgpack on standard output",
	.usage = "usage: rowctl encode < FILE.json > FILE.msgpack\n"
		 "\n"
		 "Rewrites one JSON text as msgpack. {\"$bin\": \"BASE64\"} becomes binary.\n"
		 "For a queue by hand: rowctl encode < command.json | redis-cli -x lpush rowd:commands\n",
	.run = encode,
};

const struct rowctl_command decode_command = {
	.name = "decode",
	.summary = "msgpack on standard input to JSON on standard output",
	.usage = "usage: rowctl decode < FILE.msgpack > FILE.json\n"
		 "\n"
		 "Rewrites one msgpack value as a line of JSON. Binary becomes {\"$bin\": \"BASE64\"}.\n",
	.run = decode,
};
