# shellcheck shell=bash
# Another Debian in a folder of this machine: makes it, mounts what it needs and
# runs commands in it. Sourced, never run.
#
# To be called in a mount namespace and a process namespace of its own (see
# tests/elsewhere/debian): what is mounted here, and what is started here, ends
# with them, and nobody outside ever sees a mount below the folder. All needs
# root.

# chroot_release FOLDER: prints the codename of the Debian in there.
chroot_release()
{
	sed -n 's/^VERSION_CODENAME=//p' "$1/etc/os-release" 2>/dev/null
}

# chroot_sources HERE THERE: prints the lines of a sources.list: this machine's
# Debian archives, with another release in the place of its own.
chroot_sources()
{
	local site release component lines

	# shellcheck disable=SC2016 # apt-get's variables
	lines=$(apt-get indextargets 'Created-By: Packages' \
	    --format '$(SITE) $(RELEASE) $(COMPONENT)' 2>/dev/null |
	    while read -r site release component; do
		case $release in
		"$1" | "$1"-updates | "$1"-security)
			release=$2${release#"$1"}
			echo "deb $site $release $component" ;;
		esac
	    done)
	printf '%s\n' "${lines:-deb http://deb.debian.org/debian $2 main}"
}

# chroot_bootstrap FOLDER RELEASE MIRROR: makes it, unless it is there: beside
# its place and renamed, so that half of one is never used.
chroot_bootstrap()
{
	local new=$1.new include=()

	# An archive over TLS needs them before the first package is installed.
	[[ $3 != https:* ]] || include=(--include=ca-certificates)
	[[ ! -e $1/etc/os-release ]] || return 0
	rm -rf --one-file-system "$new" && mkdir -p "${1%/*}" &&
	debootstrap --variant=minbase "${include[@]}" "$2" "$new" "$3" ||
	    return 1
	chroot_unmount "$new" && mv "$new" "$1"
}

# chroot_unmount FOLDER: what debootstrap left mounted.
chroot_unmount()
{
	local at

	while read -r at; do
		umount "$at" || return 1
	done < <(findmnt -rno TARGET | grep -F "$1/" | tac)
}

# chroot_mount FOLDER: /proc, /sys and a /dev with no more than a test needs,
# terminals and shared memory among it.
chroot_mount()
{
	local dev=$1/dev device

	mount -t proc proc "$1/proc" &&
	mount -t sysfs -o ro sysfs "$1/sys" &&
	mount -t tmpfs -o mode=755 tmpfs "$dev" &&
	mkdir "$dev/pts" "$dev/shm" &&
	mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts \
	    "$dev/pts" &&
	mount -t tmpfs -o mode=1777 tmpfs "$dev/shm" || return 1
	for device in null zero full random urandom tty; do
		touch "$dev/$device" &&
		mount --bind "/dev/$device" "$dev/$device" || return 1
	done
	ln -s pts/ptmx "$dev/ptmx" && ln -s /proc/self/fd "$dev/fd" &&
	ln -s fd/0 "$dev/stdin" && ln -s fd/1 "$dev/stdout" &&
	ln -s fd/2 "$dev/stderr"
}

# chroot_settle FOLDER SOURCES: what this machine knows of the world outside:
# names, archives, proxies, whom it trusts, where Maven and pip look. And no
# package may start a service.
chroot_settle()
{
	local file

	printf '%s\n' "$2" >"$1/etc/apt/sources.list" &&
	apt-config dump | grep -iE '^Acquire::(http|https|Check-)' \
	    >"$1/etc/apt/apt.conf.d/90elsewhere"
	printf '#!/bin/sh\nexit 101\n' >"$1/usr/sbin/policy-rc.d" &&
	chmod 755 "$1/usr/sbin/policy-rc.d" || return 1
	for file in /etc/resolv.conf /etc/hosts /etc/pip.conf \
	    /usr/local/share/ca-certificates; do
		[[ -e $file ]] || continue
		mkdir -p "$1${file%/*}" &&
		cp -rfL "$file" "$1${file%/*}" || return 1
	done
	mkdir -p "$1/root/.m2" || return 1
	for file in /etc/maven/settings.xml ~/.m2/settings.xml; do
		[[ ! -e $file ]] || cp -f "$file" "$1/root/.m2" || return 1
	done
	# They are read when the package of that name is installed, or now.
	[[ ! -e $1/usr/sbin/update-ca-certificates ]] ||
	    chroot_run "$1" update-ca-certificates
}

# chroot_run FOLDER COMMAND...: in an environment of its own. A proxy is this
# machine's.
chroot_run()
{
	local folder=$1 name environment=()

	shift
	for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY \
	    NO_PROXY MAVEN_OPTS PIP_INDEX_URL; do
		[[ -z ${!name-} ]] || environment+=("$name=${!name}")
	done
	chroot "$folder" env -i HOME=/root TERM=dumb LANG=C.UTF-8 \
	    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
	    "${environment[@]}" "$@"
}
