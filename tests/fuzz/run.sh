# shellcheck shell=bash
# Sourced by tests/fuzz/short and tests/fuzz/long: what both need to run a target.

fuzz_source=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
fuzz_build=${ROWD_FUZZ_BUILD:-$fuzz_source/../../build/fuzz}

# Cheapest first.
fuzz_targets=(url scanner sql_text csv letter decode json where options)

# fuzz_check_targets TARGET...: exits with a message when one is not there.
fuzz_check_targets() {
	local target
	for target; do
		case " ${fuzz_targets[*]} " in
		*" $target "*) ;;
		*) echo "there is no target '$target'; there are: ${fuzz_targets[*]}" >&2 && exit 64 ;;
		esac
		[ -x "$fuzz_build/tests/fuzz_$target" ] ||
			{ echo "not built: cmake --preset fuzz && cmake --build --preset fuzz" >&2 && exit 69; }
	done
}

# fuzz_arguments TARGET: libFuzzer's arguments, one per line. Long inputs find nothing here that short ones do not.
fuzz_arguments() {
	local size=512
	case $1 in
	scanner | decode | json | letter) size=1024 ;;
	options) size=2048 ;;
	esac
	printf '%s\n' "-max_len=$size" -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 -verbosity=1
	[ ! -e "$fuzz_source/$1.dict" ] || printf '%s\n' "-dict=$fuzz_source/$1.dict"
}

# fuzz_executed LOG: how many inputs ran, as libFuzzer says at its end; 0 when it did not get there.
fuzz_executed() {
	sed -n 's/^stat::number_of_executed_units: *//p' "$1" | tail -n 1 | grep . || echo 0
}
