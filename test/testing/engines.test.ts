/**
 * The recorded runs come to the same digests here, in another time zone and language, and again from what was entered.
 * test/ui/corpus.test.ts has them in Chromium; `npm run explore -- --kind replays --runs 1000` replays longer.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { reenact } from '../../src/drill/entered.ts';
import { root } from '../../src/drill/launch.mjs';
import type { Session } from '../../src/drill/session.ts';
import { corpus, playRecorded } from '../../src/testing/corpus.ts';
import { freshWorld } from '../support/world.ts';

const played: Session[] = [];
beforeAll(() => { for (const recorded of corpus) played.push(playRecorded(freshWorld(recorded.topology), recorded)); });

const digests = async (env: Record<string, string>): Promise<string> =>
  (await promisify(execFile)(process.execPath, ['src/drill/launch.mjs', 'src/testing/corpus-main.ts'], { cwd: root, env: { ...process.env, ...env } })).stdout;

describe('digests are the same', () => {
  it.each<Record<string, string>>([
    { TZ: 'Pacific/Chatham', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' }, // 45 minutes off the hour; an I whose small letter is another
  ])('with %j', async (env) => {
    expect(await digests(env)).toBe(corpus.map(({ name }, i) => `${played[i]!.sim.digest()}  ${name}\n`).join(''));
  }, 180_000);
  it.each(corpus.map(({ name }, i) => [name, i] as const))('of "%s", lived again from its inputs', (_, i) => {
    const again = played[i]!.anew();
    reenact(again, played[i]!.entered, played[i]!.now);
    expect(again.sim.digest()).toBe(played[i]!.sim.digest());
  });
});

it('the runs did what they are for', () => {
  const [words, person, trouble] = played as [Session, Session, Session];
  expect(words.exec('node-1', 'wc -l < sorted; cat numbers').stdout).toMatch(/^37\n0\.8414709848078965 /);
  expect(words.exec('node-1', 'head -3 dates').stdout).toMatch(/UTC 20\d\d\n.* E[SD]T 20\d\d\nThu Jul {2}4 17:30:00 IST 2019\n/);
  expect(person.keys('a', '\r').output).toContain('real');
  expect(trouble.exec('node-1', 'ping -c1 -W1 192.168.121.198 >/dev/null && ! ping -c1 -W1 192.168.121.217 >/dev/null').exit).toBe(0);
});
