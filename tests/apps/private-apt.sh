# SPDX-License-Identifier: MIT
#
# Sourced by the scripts that fetch Debian packages for tests. apt with its own lists and cache, so that neither the
# machine's package lists nor its installed packages change and no privilege is needed.

# third_party_lock: one script at a time fetches or builds below build/third_party; held until the script ends.
third_party_lock()
{
	mkdir -p build/third_party && exec 9>build/third_party/.lock && flock 9
}

# private_apt_init DIR: prepare DIR from the machine's own sources, for programs and sources. Updates once a day.
private_apt_init()
{
	local f
	private_apt_dir=$1
	mkdir -p "$1/lists/partial" "$1/cache/archives/partial" "$1/parts" || return
	cp /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list "$1/parts" 2>/dev/null
	cp /etc/apt/sources.list "$1/parts/machine.list" 2>/dev/null
	# Only Debian's own archives: a third party's may be unreachable, and nothing here comes from it.
	for f in "$1"/parts/*; do
		grep -q 'debian\.org' "$f" || { rm -f "$f"; continue; }
		sed -i -E 's/^Types:.*/Types: deb deb-src/; /^deb-src /d; s/^deb (.*)/deb \1\ndeb-src \1/' "$f"
	done
	[ -n "$(find "$1/.updated" -mmin -1440 2>/dev/null)" ] || private_apt update && touch "$1/.updated"
}

# private_apt ARG...: apt-get under that configuration.
private_apt()
{
	timeout 300 apt-get -q -y -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$private_apt_dir/parts" \
		-o Dir::State::lists="$private_apt_dir/lists" -o Dir::Cache="$private_apt_dir/cache" \
		-o APT::Sandbox::User=root -o Acquire::Retries=2 "$@"
}
