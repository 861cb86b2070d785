import pc from "picocolors";

/** Of each stream by itself: one may be a terminal while the other goes to a file. */
export const colors = {
	stdout: pc.createColors(hasColors(process.stdout)),
	stderr: pc.createColors(hasColors(process.stderr)),
};

/** A terminal, unless NO_COLOR or TERM says otherwise. */
function hasColors(stream: NodeJS.WriteStream): boolean {
	return stream.isTTY && stream.hasColors();
}
