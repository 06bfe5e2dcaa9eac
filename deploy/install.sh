#!/bin/sh
# 不联网安装准绳：sh install.sh [安装到的文件夹，缺省 /opt/zhunsheng]。再运行一次就是升级，数据不在这里，不会动。
# Install without network: sh install.sh [folder, /opt/zhunsheng by default]; run it again to upgrade.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
place=${1:-/opt/zhunsheng}

say() { printf '%s\n' "$*" >&2; }

python=${PYTHON:-$(command -v python3.11 || command -v python3 || true)}
[ -n "$python" ] && "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || {
  say "需要 Python 3.11（包里的程序库是为它准备的）。装在别处的，这样指明：PYTHON=/…/python3.11 sh install.sh"
  exit 2
}
"$python" -c 'import ensurepip, venv' 2>/dev/null || {
  say "这个 Python 不能建立虚拟环境：Debian、Ubuntu 请安装 python3.11-venv。"
  exit 2
}

say "正在核对每个文件的 SHA-256……"
(cd "$here" && sha256sum --check --quiet --strict SHA256SUMS) || {
  say "有文件与清单不符，什么也没有装：请重新拷贝整个压缩包。"
  exit 1
}

# 旧的一份留到新的一份能用为止。
fresh="$place/$(date +%Y%m%d%H%M%S)"
trap 'rm -rf "$fresh"' EXIT
trap 'exit 130' INT TERM
mkdir -p "$place"
say "正在安装到 $fresh……"
"$python" -m venv "$fresh"
pip="$fresh/bin/python -m pip --quiet --disable-pip-version-check install --no-index --find-links $here/wheels"
$pip --require-hashes -r "$here/run.txt"
$pip --no-deps "$here"/wheels/zhunsheng-*.whl
version=$("$fresh/bin/zhunsheng" --version)
before=$(readlink "$place/current" || true)
ln -sfn "$fresh" "$place/current"
trap - EXIT

say "$version 已装好：$place/current/bin/zhunsheng"
[ -z "$before" ] || say "以前的一份还在 $before，确认新的可用之后可以删除；要退回，把 $place/current 指回它，并恢复升级之前的备份。"
cat >&2 <<END

下一步
  试用：      $place/current/bin/zhunsheng serve --sample --plain-http
  正式使用：  见 $here/docs/operate.md；随系统启动用 zhunsheng.service
END
