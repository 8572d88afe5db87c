/** Flags that are declared and that nobody asks for, because they change nothing that anybody could see here. Each with its reason. */
const NO_CONTEXTS = 'no file of the model has an SELinux context';
const NO_PASSWORD = 'nobody is ever asked for a password';
const NO_PAGER = 'its output never goes through a pager';
const AS_IT_IS = 'this is what happens without it';

export const LEDGER: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  arp: { '-e': AS_IT_IS },
  chronyd: { '-d': 'its unit has it speak to the journal', '-n': 'whoever starts it from a unit has it in the foreground' },
  chmod: { '--no-preserve-root': AS_IT_IS },
  column: { '-V, --version': 'answered before the table is asked' },
  comm: { '-3': 'asked for by number' },
  cp: { '-Z, --context[=CTX]': NO_CONTEXTS, '--reflink[=WHEN]': 'XFS of CentOS 7 has no reflinks, and a copy looks the same', '--sparse=WHEN': 'holes are kept or not without a difference in what is read' },
  crond: { '-n': 'whoever starts it from a unit has it in the foreground' },
  df: { '-v': 'accepted and ignored by the real one' },
  dmesg: { '-k, --kernel': 'nobody else writes there' },
  diff: { '-H, --speed-large-files': 'speed only', '--horizon-lines=NUM': 'speed only', '--ignore-file-name-case': 'read by its negation only' },
  file: { '-n, --no-buffer': 'no line is held back', '-p, --preserve-date': 'reading changes no time here', '-r, --raw': 'nothing is escaped' },
  findmnt: { '-u': 'no column is cut' },
  gzip: { '-a, --ascii': 'changes nothing on this system', '--rsyncable': 'the bytes of the archive are not those of the real one anyway', '--synchronous': 'a write is on the disk when it returns' },
  hostnamectl: { '--no-ask-password': NO_PASSWORD },
  journalctl: { '-a, --all': 'no line is too long or holds what cannot be printed', '-l, --full': AS_IT_IS, '-m, --merge': 'no other machine\'s journal is here', '--no-full': 'lines are cut for a screen only', '--system': 'there are no journals of users', '--utc': 'the machines are on UTC' },
  ln: { '-P, --physical': AS_IT_IS },
  loginctl: { '--no-pager': NO_PAGER, '--no-ask-password': NO_PASSWORD },
  mkdir: { '-Z, --context[=CTX]': NO_CONTEXTS }, mkfifo: { '-Z, --context[=CTX]': NO_CONTEXTS }, mv: { '-Z, --context': NO_CONTEXTS },
  mount: { '-w, --rw': AS_IT_IS },
  nano: { '-I, --ignorercfiles': 'no rc file is read', '-m, --mouse': 'there is no mouse', '-w, --nowrap': AS_IT_IS },
  nsenter: { '-p, --pid': 'process ids come with the root directory', '-u, --uts': 'the host name comes with the root directory', '-U, --user': 'there are no user namespaces', '-F, --no-fork': 'nobody sees the fork' },
  nproc: { '--all': 'all processors are always there' },
  patch: { '-c, --context': 'the form is seen from the text', '-l, --ignore-whitespace': 'asked for by its long name', '-n, --normal': 'the form is seen from the text', '-u, --unified': 'the form is seen from the text', '--posix': 'no difference in what is modelled', '--binary': 'changes nothing on this system' },
  sort: { '-S, --buffer-size=SIZE': 'speed only', '-T, --temporary-directory=DIR': 'no temporary file is needed', '--batch-size=N': 'speed only', '--compress-program=PROG': 'no temporary file is needed', '--parallel=N': 'speed only' },
  stdbuf: { '-e, --error=MODE': 'no program of the model holds errors back', '-o, --output=MODE': 'no program of the model holds output back' },
  strings: { '-a, --all': AS_IT_IS },
  swapoff: { '-v, --verbose': 'there is no swap to tell of' },
  systemctl: { '-i, --ignore-inhibitors': 'nobody holds a lock', '-r, --recursive': 'no machine is registered', '--no-wall': 'nobody is told', '--no-reload': 'what is enabled is known at once', '--no-ask-password': NO_PASSWORD, '--system': AS_IT_IS },
  tail: { '--max-unchanged-stats=N': 'a file put in another\'s place is noticed at once' },
  tar: {
    '-U, --unlink-first': AS_IT_IS, '-b, --blocking-factor=BLOCKS': 'archives end where the real one rounds up: only their size tells', '-S, --sparse': 'a tail of zeros is counted anyway', '-H, --format=FORMAT': 'one form is written', '-n, --seek': 'speed only', '-i, --ignore-zeros': 'archives have no holes', '-R, --block-number': 'for messages that never come',
    '--overwrite': AS_IT_IS, '--anchored': AS_IT_IS, '--no-anchored': AS_IT_IS, '--posix': 'one form is written', '--no-auto-compress': AS_IT_IS, '--warning=KEYWORD': 'no such warning is given', '--selinux': NO_CONTEXTS, '--acls': 'files have no ACLs',
    '--xattrs': 'files have no such attributes', '--no-selinux': NO_CONTEXTS, '--no-acls': 'files have no ACLs', '--no-xattrs': 'files have no such attributes', '--checkpoint[=NUMBER]': 'archives are done before the first', '--force-local': AS_IT_IS,
    '--recursion': AS_IT_IS, '--sort=ORDER': 'names are in order',
  },
  timedatectl: { '--no-pager': NO_PAGER, '--no-ask-password': NO_PASSWORD },
  timeout: { '--foreground': 'the program has the terminal either way' },
  unshare: { '-f, --fork': 'nobody sees the fork' },
  w: { '-i, --ip-addr': 'callers have no name' },
  watch: { '-p, --precise': 'a command takes no time beside the interval' },
  which: { '--read-functions': 'no function is handed to it', '--skip-functions': AS_IT_IS, '--skip-tilde': AS_IT_IS, '--show-dot': 'paths are shown as they are in PATH', '--show-tilde': 'paths are shown as they are in PATH', '--tty-only': 'the next flags are for a terminal' },
  xargs: { '-x, --exit': 'no command line is too long here' },
};

/** What takes any word: there is no flag that it could refuse. */
export const TAKES_ANY: Readonly<Record<string, string>> = {
  ':': 'does nothing', true: 'does nothing', echo: 'prints them', printf: 'the first is the format', test: 'a word that is not empty is true', expr: 'a word is its value', let: 'an expression', break: 'outside of a loop', continue: 'outside of a loop',
  times: 'takes none', getenforce: 'never looks at its arguments', ntpstat: 'never looks at its arguments', nslookup: 'tells it and goes on to its prompt',
};
