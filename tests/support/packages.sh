# shellcheck shell=bash
# Sourced by quickstart and check: installs what is missing of packages.list.

here_packages=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)/packages.list

# The Debian release, as packages.list names it: 12, 13, or nothing when it is another system.
debian_release() {
	[ -r /etc/os-release ] || return 0
	# shellcheck disable=SC1091
	(. /etc/os-release && [ "${ID:-}" = debian ] && printf '%s\n' "${VERSION_ID:-}") || true
}

# packages_of GROUP...: their names on this release. On another system all names, so that the message can list them.
packages_of() {
	local release group package only
	release=$(debian_release)
	while read -r group package only; do
		case $group in '' | '#'*) continue ;; esac
		case " $* " in *" $group "*) ;; *) continue ;; esac
		[ -z "$only" ] || [ -z "$release" ] || [ "$only" = "$release" ] || continue
		printf '%s\n' "$package"
	done <"$here_packages" | sort -u
}

# packages_install GROUP...: installs the missing ones, with sudo where needed. Returns 1 with a message when it cannot.
packages_install() {
	local missing=() package as_root=() policy=''
	if ! command -v dpkg-query >/dev/null; then
		echo "This is not Debian: please install the equivalents of: $(packages_of "$@" | tr '\n' ' ')" >&2
		return 0
	fi
	for package in $(packages_of "$@"); do
		dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0

	if [ "$(id -u)" -ne 0 ]; then
		if ! command -v sudo >/dev/null; then
			echo "These packages are missing, and there is no sudo here. As root: apt-get install ${missing[*]}" >&2
			return 1
		fi
		as_root=(sudo)
	fi
	echo "Installing from Debian: ${missing[*]}"
	# Some dependency may bring a service: it is not started (exit 101 forbids it) unless the machine has its own rule.
	if [ ! -e /usr/sbin/policy-rc.d ]; then
		policy=/usr/sbin/policy-rc.d
		printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
		"${as_root[@]}" chmod 755 "$policy"
	fi
	local status=0
	"${as_root[@]}" apt-get update -q >/dev/null &&
		"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
			"${missing[@]}" >"${TMPDIR:-/tmp}/rowd-apt.$$" 2>&1 || status=1
	[ $status -eq 0 ] || { tail -n 20 "${TMPDIR:-/tmp}/rowd-apt.$$" >&2 || true; }
	rm -f "${TMPDIR:-/tmp}/rowd-apt.$$"
	[ -z "$policy" ] || "${as_root[@]}" rm -f "$policy"
	[ $status -eq 0 ] || echo "apt-get could not install: ${missing[*]}" >&2
	return $status
}
