#!/usr/bin/env bash
# need [COMMAND PACKAGE]…: installs Debian's package for each command that is missing, as root or with sudo. For sourcing.
need() {
  local packages=()
  while [[ $# -gt 0 ]]; do
    command -v "$1" >/dev/null || packages+=("$2")
    shift 2
  done
  [[ ${#packages[@]} -gt 0 ]] || return 0
  local sudo=()
  [[ $EUID -eq 0 ]] || sudo=(sudo -n)
  "${sudo[@]}" apt-get update -qq
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
}
