/** A small world whose host carries every program of both rooms: what the text tools are tried in. */
import { commands as text } from '../../../src/shell/bin/text/index.ts';
import type { Tree } from '../../../src/sim/host/fs.ts';
import { smallWorld } from '../bash/world.ts';

/** One `bash -c` as root in /w, on a world of its own; what it printed and its status. */
export function textWorld(files: Tree): (line: string) => { exit: number | null; stdout: string; stderr: string } {
  const placed = Object.fromEntries(Object.entries(files).map(([path, entry]) => [`/w/${path}`, entry]));
  const world = smallWorld({ '/w': { dir: true }, '/etc/debian_version': '9.8\n', ...placed }, text);
  const fresh = world.snapshot();
  return (line) => {
    world.restore(fresh);
    const { exit, stdout, stderr } = world.exec('node-1', `export PATH=/usr/bin LC_ALL=C.UTF-8 TZ=UTC; cd /w; ${line}`, { user: 'root', wait: 20 });
    return { exit, stdout, stderr };
  };
}
