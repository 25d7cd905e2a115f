#!/bin/sh
# A producer with nothing but redis-cli: JSON in by LPUSH, the reply out by BLPOP.
#
#   REDIS_URL=redis://127.0.0.1:6379 sh examples/producer.sh
set -eu

url=${REDIS_URL:-redis://127.0.0.1:6379}
replies=rowd:reply:sh-$$

# call JSON-FIELDS: pushes a command and prints its reply.
call() {
	redis-cli -u "$url" LPUSH rowd:commands "{$1, \"reply_list\": \"$replies\"}" >/dev/null
	reply=$(redis-cli -u "$url" --raw BLPOP "$replies" 10 | tail -n 1)
	printf '%s\n' "$reply"
	case $reply in *'"ok":true'*) ;; *) exit 1 ;; esac
}

call '"op": "create", "table": "animals", "values": {"species": "cat", "name": "Nabi", "age": 3}'
call '"op": "update", "table": "animals", "where": {"name": "Nabi"}, "set": {"age": 4}'
call '"op": "read", "table": "animals", "where": {"species": "cat", "age": {"ge": 4}}, "order": ["name"]'
