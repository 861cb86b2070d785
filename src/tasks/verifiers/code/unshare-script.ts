/**
 * Run in fresh namespaces as the first process: makes a root of read-only mounts, goes there, gives up every privilege and
 * starts the program. Arguments: folder to mount on; user to become, or - where this is root by a user namespace alone;
 * seconds; bytes of /tmp; the paths to show; --; the command.
 */
export const unshareScript = `
set -e
base=$1; uid=$2; seconds=$3; size=$4; shift 4
mount --make-rprivate /
mount -t tmpfs -o mode=755,size=1m,nosuid,nodev sandbox "$base"
while [ "$1" != -- ]; do
	path=$1; shift
	if [ -L "$path" ]; then
		mkdir -p "$base\${path%/*}"
		ln -s "$(readlink "$path")" "$base$path"
	elif [ -d "$path" ]; then
		mkdir -p "$base$path"
		mount --bind "$path" "$base$path"
		mount -o remount,bind,ro,nosuid,nodev "$base$path"
	elif [ -e "$path" ]; then
		mkdir -p "$base\${path%/*}"
		: > "$base$path"
		mount --bind "$path" "$base$path"
		mount -o remount,bind,ro,nosuid,nodev "$base$path"
	fi
done
shift
mkdir -p "$base/dev" "$base/tmp" "$base/old" "$base/proc"
for device in null zero urandom; do
	: > "$base/dev/$device"
	mount --bind "/dev/$device" "$base/dev/$device"
done
mount -t tmpfs -o "mode=1777,size=$size,nosuid,nodev" tmp "$base/tmp"
mount --rbind /proc "$base/proc"
mount -o remount,bind,ro,nosuid,nodev "$base"
drop="setpriv --no-new-privs --inh-caps=-all --bounding-set=-all"
if [ "$uid" = - ]; then
	# No namespaces within this one. Of this user namespace alone: elsewhere it would be the machine's setting.
	{ echo 0 > /proc/sys/user/max_user_namespaces; } 2> /dev/null || :
else
	drop="$drop --reuid=$uid --regid=$uid --clear-groups"
fi
cd "$base"
pivot_root . old
# umount reads there what is mounted; then that goes too.
umount -l /old
umount -l /proc
cd /tmp
# Not in its place: the first process of a namespace buries those that others leave.
timeout -s KILL "$seconds" $drop -- "$@"
`;
