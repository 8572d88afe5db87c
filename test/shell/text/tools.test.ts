/** jq, bc, getopt, patch, file and tree, as the real ones answered. */
import { expect, test } from 'vitest';
import { textWorld } from './world.ts';

const run = textWorld({
  'pods.json': '{"items":[{"metadata":{"name":"web-1"},"status":{"phase":"Running"},"n":3},{"metadata":{"name":"dns-1"},"status":{"phase":"Pending"},"n":1.5}],"x":null}',
  'nums.txt': '10\n9\n2\n33\n', 'logs/a.log': 'a\n', 'logs/old/z.log': 'z\n', 'crlf': 'a\r\nb\r\n',
});

test.each([
  ["jq -r '.items[] | select(.status.phase != \"Running\") | .metadata.name' pods.json", 'dns-1\n'],
  ["jq -c '.items |= map(.n + 1) | to_entries' pods.json", '[{"key":"items","value":[4,2.5]},{"key":"x","value":null}]\n'],
  ["jq -nc 'def f(x): x * 2; [limit(3; range(10)) | f(.)], (\"foo bar\" | gsub(\"o\"; \"0\")), ([3, 1] | sort)'", '[0,2,4]\n"f00 bar"\n[1,3]\n'],
  ["jq -n '1e17, 1e-5, 0.1 + 0.2, 1e1000'", '1e+17\n1e-05\n0.30000000000000004\n1.7976931348623157e+308\n'],
  ["echo 'scale=3; 7/2; sqrt(2); 2^10; obase=16; 255' | bc", '3.500\n1.414\n1024\nFF\n'],
  ["echo 'scale=10; 4*a(1); e(1); l(2)' | bc -l", '3.1415926532\n2.7182818284\n.6931471805\n'],
  ["getopt -o ab: -l req: -- -a -b val --req=1 -- \"x'y\"", " -a -b 'val' --req '1' -- 'x'\\''y'\n"],
  ["diff -u nums.txt <(sed s/33/44/ nums.txt) > p; sed -i '1i new' nums.txt; patch nums.txt p; tail -1 nums.txt",
    'patching file nums.txt\nHunk #1 succeeded at 2 (offset 1 line).\n44\n'],
  ['file nums.txt crlf logs; b2sum nums.txt | head -c 16', 'nums.txt: ASCII text\ncrlf:     ASCII text, with CRLF line terminators\nlogs:     directory\n78756383177fcb57'],
  ['tree logs', 'logs\n├── a.log\n└── old\n    └── z.log\n\n1 directory, 2 files\n'],
])('%s', (line, stdout) => expect(run(line)).toMatchObject({ exit: 0, stdout, stderr: '' }));

test.each([
  ["jq '.foo[' pods.json", 3, 'jq: error: syntax error, unexpected $end (Unix shell quoting issues?) at <top-level>, line 1:\n.foo[    \njq: 1 compile error\n'],
  ["jq '.items.foo' pods.json", 5, 'jq: error (at pods.json:0): Cannot index array with string "foo"\n'],
  ["echo '{a:1}' | jq .", 2, 'parse error: Invalid numeric literal at line 1, column 3\n'],
  ["jq -n '[repeat(1)]'", 5, 'jq: error: cannot allocate memory\n'],
])('%s', (line, exit, stderr) => expect(run(line)).toMatchObject({ exit, stderr }));
