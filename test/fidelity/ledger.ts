/** Flags that are declared and that nobody asks for, because they change nothing that anybody could see here. Each with its reason. */
const NO_CONTEXTS = 'no file of the model has an SELinux context';
const NO_PASSWORD = 'nobody is ever asked for a password';
const NO_PAGER = 'its output never goes through a pager';
const AS_IT_IS = 'this is what happens without it';

export const LEDGER: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  chronyd: { '-n': 'whoever starts it from a unit has it in the foreground' },
  chmod: { '--no-preserve-root': AS_IT_IS },
  comm: { '-3': 'asked for by number' },
  cp: { '-Z, --context[=CTX]': NO_CONTEXTS, '--reflink[=WHEN]': 'XFS of CentOS 7 has no reflinks, and a copy looks the same', '--sparse=WHEN': 'holes are kept or not without a difference in what is read' },
  df: { '-v': 'accepted and ignored by the real one' },
  diff: { '-H, --speed-large-files': 'speed only', '--horizon-lines=NUM': 'speed only', '--ignore-file-name-case': 'read by its negation only' },
  gzip: { '-a, --ascii': 'changes nothing on this system', '--rsyncable': 'the bytes of the archive are not those of the real one anyway', '--synchronous': 'a write is on the disk when it returns' },
  hostnamectl: { '--no-ask-password': NO_PASSWORD },
  journalctl: { '--no-full': 'lines are cut for a screen only', '--system': 'there are no journals of users', '--utc': 'the machines are on UTC' },
  ln: { '-P, --physical': AS_IT_IS },
  loginctl: { '--no-pager': NO_PAGER, '--no-ask-password': NO_PASSWORD },
  mkdir: { '-Z, --context[=CTX]': NO_CONTEXTS }, mkfifo: { '-Z, --context[=CTX]': NO_CONTEXTS }, mv: { '-Z, --context': NO_CONTEXTS },
  nano: { '-V': 'nothing to tell', '-E, --tabstospaces': 'a tab stays a tab', '-I, --ignorercfiles': 'no rc file is read', '-S, --smooth': 'drawing only', '-m, --mouse': 'there is no mouse', '-z, --suspend': 'drawing only' },
  nproc: { '--all': 'all processors are always there' },
  patch: { '-l, --ignore-whitespace': 'asked for by its long name', '-n, --normal': 'the form is seen from the text', '-u, --unified': 'the form is seen from the text', '--posix': 'no difference in what is modelled', '--binary': 'changes nothing on this system' },
  sort: { '-S, --buffer-size=SIZE': 'speed only', '-T, --temporary-directory=DIR': 'no temporary file is needed', '--batch-size=N': 'speed only', '--compress-program=PROG': 'no temporary file is needed', '--parallel=N': 'speed only' },
  stdbuf: { '-o, --output=MODE': 'no program of the model holds output back' },
  strings: { '-a, --all': AS_IT_IS },
  swapoff: { '-v, --verbose': 'there is no swap to tell of' },
  systemctl: { '--no-wall': 'nobody is told', '--no-reload': 'what is enabled is known at once', '--no-ask-password': NO_PASSWORD, '--system': AS_IT_IS },
  tail: { '--max-unchanged-stats=N': 'a file put in another\'s place is noticed at once' },
  tar: {
    '-U, --unlink-first': AS_IT_IS, '-S, --sparse': 'a tail of zeros is counted anyway', '-H, --format=FORMAT': 'one form is written', '-n, --seek': 'speed only', '-i, --ignore-zeros': 'archives have no holes', '-R, --block-number': 'for messages that never come',
    '--overwrite': AS_IT_IS, '--anchored': AS_IT_IS, '--no-anchored': AS_IT_IS, '--posix': 'one form is written', '--no-auto-compress': AS_IT_IS, '--warning=KEYWORD': 'no such warning is given', '--selinux': NO_CONTEXTS, '--acls': 'files have no ACLs',
    '--xattrs': 'files have no such attributes', '--no-selinux': NO_CONTEXTS, '--no-acls': 'files have no ACLs', '--no-xattrs': 'files have no such attributes', '--checkpoint[=NUMBER]': 'archives are done before the first', '--force-local': AS_IT_IS,
    '--recursion': AS_IT_IS, '--sort=ORDER': 'names are in order',
  },
  timedatectl: { '--no-pager': NO_PAGER, '--no-ask-password': NO_PASSWORD },
  timeout: { '--foreground': 'the program has the terminal either way' },
  watch: { '-p, --precise': 'a command takes no time beside the interval' },
  which: { '--read-functions': 'no function is handed to it', '--skip-functions': AS_IT_IS, '--skip-tilde': AS_IT_IS, '--show-dot': 'paths are shown as they are in PATH', '--show-tilde': 'paths are shown as they are in PATH', '--tty-only': 'the next flags are for a terminal' },
  xargs: { '-x, --exit': 'no command line is too long here' },
};

/** What takes any word: there is no flag that it could refuse. */
export const TAKES_ANY: Readonly<Record<string, string>> = {
  ':': 'does nothing', true: 'does nothing', echo: 'prints them', printf: 'the first is the format', test: 'a word that is not empty is true', expr: 'a word is its value', let: 'an expression', break: 'outside of a loop', continue: 'outside of a loop',
  times: 'takes none', getenforce: 'never looks at its arguments', ntpstat: 'never looks at its arguments', nslookup: 'tells it and goes on to its prompt',
};
