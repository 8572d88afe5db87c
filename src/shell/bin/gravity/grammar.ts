/**
 * gravity's command line as data: commands, flags and arguments with their help (tool/gravity/cli/register.go,
 * 6.0.0-alpha.1). kingpin.ts reads arguments by it, usage.ts prints it.
 */

export interface FlagSpec {
  readonly name: string; readonly help: string; readonly short?: string;
  /** 'switch' takes no value; 'list' may be repeated. */
  readonly kind: 'switch' | 'text' | 'list' | 'number';
  readonly default?: string; readonly hidden?: boolean; readonly required?: boolean; readonly values?: readonly string[];
}
export interface ArgSpec { readonly name: string; readonly help: string; readonly required?: boolean; readonly list?: boolean; readonly default?: string }
export interface CommandSpec {
  readonly name: string; readonly help: string; readonly hidden?: boolean; readonly isDefault?: boolean;
  readonly flags?: readonly FlagSpec[]; readonly args?: readonly ArgSpec[]; readonly commands?: readonly CommandSpec[];
  /** Flags end at the first argument. */
  readonly strict?: boolean;
}

const on = (name: string, help: string, more: Partial<FlagSpec> = {}): FlagSpec => ({ name, help, kind: 'switch', ...more });
const text = (name: string, help: string, more: Partial<FlagSpec> = {}): FlagSpec => ({ name, help, kind: 'text', ...more });
const arg = (name: string, help: string, required = true, more: Partial<ArgSpec> = {}): ArgSpec => ({ name, help, required, ...more });
const output = (values: readonly string[]): FlagSpec => text('output', `output format, ${values.join(' or ')}`, { short: 'o', default: 'text', values });

export const GLOBAL_FLAGS: readonly FlagSpec[] = [
  on('help', 'Show context-sensitive help (also try --help-long and --help-man).'),
  on('debug', 'Enable debug mode'), on('quiet', 'Suppress any extra output to stdout', { short: 'q' }), on('insecure', 'Skip TLS verification'),
  text('state-dir', 'Directory for local state'), text('log-file', 'log file with diagnostic information', { default: '/var/log/gravity-install.log' }),
];

const phase = text('phase', 'Operation phase ID');
const force = (help: string): FlagSpec => on('force', help);
const operationId = text('operation-id', 'ID of the operation. It not specified, the last operation will be used', { hidden: true });
const skipVersion = on('skip-version-check', 'Bypass version compatibility check', { hidden: true });

const PLAN: CommandSpec = {
  name: 'plan', help: 'Manage operation plan', flags: [operationId, skipVersion], commands: [
    { name: 'display', help: 'Display a plan for an ongoing operation', isDefault: true, flags: [output(['text', 'json', 'yaml'])] },
    { name: 'execute', help: 'Execute specified operation phase', flags: [phase, force('Force execution of specified phase'), text('phase-timeout', 'Phase execution timeout', { default: '1h', hidden: true })] },
    { name: 'rollback', help: 'Rollback specified operation phase', flags: [phase, force('Force rollback of specified phase'), text('phase-timeout', 'Phase rollback timeout', { default: '1h', hidden: true })] },
    { name: 'resume', help: 'Resume last aborted operation', flags: [force('Force execution'), text('phase-timeout', 'Phase execution timeout', { default: '1h', hidden: true })] },
    { name: 'complete', help: 'Mark operation as completed' },
  ],
};

const INSTALL_FLAGS: readonly FlagSpec[] = [
  text('advertise-addr', 'The IP address to advertise. Will be selected automatically if unspecified'), text('token', 'Unique install token to authorize other nodes to join'),
  text('cloud-provider', 'Cloud provider integration, e.g. "generic", "aws" or "gce"'), text('cluster', 'Optional cluster name, e.g. "example.com". Will be auto-generated if unspecified'),
  text('app', 'Application to install', { hidden: true }), text('flavor', 'Application flavor. See app.yaml for available flavors'), text('role', 'Role of this node'),
  text('config', 'File with Kubernetes/Gravity resources to create in the cluster during installation'), text('mount', 'Mount in format <mount-name>:<path>', { kind: 'list' }),
  text('pod-network-cidr', 'Subnet range for pods', { default: '10.244.0.0/16' }), text('service-cidr', 'Subnet range for Kubernetes services', { default: '10.100.0.0/16' }),
  text('vxlan-port', 'Custom overlay network port', { default: '8472', kind: 'number' }), text('dns-listen-addr', 'Custom listen address for in-cluster DNS', { default: '127.0.0.2', kind: 'list' }),
  text('dns-port', 'Custom DNS port for in-cluster DNS', { default: '53', kind: 'number' }), text('storage-driver', 'Docker storage driver, overrides the one from app manifest', { default: 'overlay2' }),
  text('docker-opt', 'Additional arguments to docker', { kind: 'list' }), text('service-uid', 'Service user ID for planet', { default: '1000' }), text('service-gid', 'Service group ID for planet'),
  text('dns-zone', 'Specify an upstream server for the given DNS zone', { kind: 'list' }), text('phase', 'Execute an operation phase'), force('Force phase execution'),
  on('resume', 'Resume installation from last failed step'), on('manual', 'Manually execute operation phases', { hidden: true }),
];

const JOIN_FLAGS: readonly FlagSpec[] = [
  text('advertise-addr', 'IP address to advertise'), text('token', 'Unique install token to authorize other nodes to join'), text('role', 'Role of this node, optional'),
  text('cloud-provider', 'Cloud provider integration'), text('mount', 'Mount in format <mount-name>:<path>', { kind: 'list' }), on('manual', 'Manually execute join operation phases', { hidden: true }),
  text('phase', 'Execute an operation phase'), on('resume', 'Resume joining from last failed step'), force('Force phase execution'),
];

const OPERATIONS: readonly CommandSpec[] = [
  { name: 'version', help: 'Print gravity version', flags: [output(['text', 'json'])] },
  { name: 'install', help: 'Install cluster on this node', flags: INSTALL_FLAGS, args: [arg('appdir', 'Path to directory with application package. Uses current directory by default', false)] },
  { name: 'join', help: 'Join existing cluster or on-going install operation', flags: JOIN_FLAGS, args: [arg('peer-addrs', 'One or several IP addresses of cluster node to join, as comma-separated values', false)] },
  { name: 'autojoin', help: 'Use cloud provider data to join a node to existing cluster', flags: [text('role', 'Role of this node, optional')], args: [arg('cluster-name', 'Cluster name used for discovery')] },
  { name: 'leave', help: 'Decommission this node from the cluster', flags: [force('Force local state cleanup'), on('confirm', 'Do not ask for confirmation')] },
  { name: 'remove', help: 'Remove a node from the cluster', flags: [force('Force removal of offline node'), on('confirm', 'Do not ask for confirmation')], args: [arg('node', 'Node to remove: can be IP address, hostname or name from `kubectl get nodes` output')] },
  PLAN,
  {
    name: 'update', help: 'Update actions on cluster', commands: [
      { name: 'check', help: 'Check if a new version of the specified application is available', hidden: true, args: [arg('app', 'Application package', false)] },
      { name: 'trigger', help: 'Trigger a new update operation', hidden: true, flags: [on('manual', 'Manual operation. Do not trigger automatic update', { short: 'm' })], args: [arg('app', 'Application version to update to', false)] },
      { name: 'plan', help: 'Display a plan for an ongoing update operation', hidden: true, flags: [output(['text', 'json', 'yaml'])] },
      { name: 'upload', help: 'Upload update package to locally running site', hidden: true, flags: [text('ops-url', 'Cluster controller URL')] },
      { name: 'complete', help: 'Mark update operation as completed', hidden: true, flags: [on('failed', 'Mark update operation as failed')] },
      { name: 'system', help: 'Update system packages', hidden: true },
    ],
  },
  {
    name: 'upgrade', help: 'Update cluster to a new version', hidden: true, args: [arg('app', 'Application version to update to', false)],
    flags: [on('manual', 'Manual operation. Do not trigger automatic update', { short: 'm' }), on('block', 'Launch operation in foreground', { default: 'true' }), phase, force('Force phase execution'), on('resume', 'Resume upgrade from the last failed step'), skipVersion],
  },
];

const APP_HELP: Readonly<Record<string, string>> = {
  install: 'Install an application from the specified application image', upgrade: 'Upgrade a release', rollback: 'Rollback a release', uninstall: 'Uninstall a release',
  history: 'Display revisions history for a release', sync: 'Synchronize an application with the cluster', search: 'Search applications',
};

const CLUSTER: readonly CommandSpec[] = [
  {
    name: 'status', help: 'Show the status of the cluster and the application running in it', flags: [
      on('token', 'Show only the join token'), on('tail', 'Tail current operation logs until completion'), text('operation-id', 'Check status of operation with given ID', { short: 'o' }),
      text('seconds', 'Continuously display status every N seconds', { short: 's', kind: 'number' }), text('output', 'output format: json or text', { default: 'text', values: ['text', 'json'] })],
  },
  { name: 'status-reset', help: 'Reset the cluster state to active', hidden: true },
  { name: 'backup', help: 'Backup cluster state', args: [arg('to', 'Path to the resulting tarball')], flags: [text('timeout', 'Maximum time to wait for the backup job'), on('follow', 'Output backup job logs to stdout')] },
  {
    name: 'check', help: 'check host environment to match manifest', args: [arg('manifest', 'application manifest', false, { default: 'app.yaml' })],
    flags: [text('profile', 'profile to check', { short: 'p', required: true }), on('autofix', 'attempt to fix some of the problems'), text('image-path', 'path to cluster image', { hidden: true })],
  },
  { name: 'restore', help: 'Restore cluster state from backup', args: [arg('from', 'Backup tarball to restore from')], flags: [text('timeout', 'Maximum time to wait for the restore job'), on('follow', 'Output restore job logs to stdout')] },
  {
    name: 'app', help: 'Manage cluster applications', commands: [
      ...(['install', 'upgrade', 'rollback', 'uninstall', 'history', 'sync', 'search'] as const).map((name) => ({ name, help: APP_HELP[name]!, args: [arg(name === 'install' || name === 'sync' ? 'image' : 'release', 'Application image or release name', name !== 'search')] })),
      { name: 'ls', help: 'List all releases', flags: [on('all', 'Display all releases', { short: 'a' })] }, { name: 'list', help: 'List all releases', hidden: true, flags: [on('all', 'Display all releases', { short: 'a' })] },
    ],
  },
];

const LOCAL: readonly CommandSpec[] = [
  {
    name: 'package', help: 'operations with packages', commands: [
      { name: 'list', help: 'List local packages', flags: [text('ops-url', 'List packages on remote Ops Center'), text('repository', 'List packages in the specified repository', { hidden: true })], args: [arg('repo', 'repository', false)] },
      { name: 'command', help: 'Execute command defined in the package', hidden: true, strict: true, args: [arg('command', 'Command to execute, e.g. start'), arg('package', 'Package to execute'), arg('config', 'Package with configuration', false)] },
    ],
  },
  { name: 'users', help: 'Manage cluster users', commands: [
    { name: 'add', help: 'Generate a user invitation token', args: [arg('account', 'User account name')], flags: [text('roles', 'List of roles to assign', { kind: 'list', required: true }), text('ttl', 'Set expiration time for token', { default: '8h0m0s' })] },
    { name: 'reset', help: 'Reset user password and generate a new token', args: [arg('account', 'User account name')], flags: [text('ttl', 'Set expiration time for token', { default: '8h0m0s' })] },
  ] },
  { name: 'report', help: 'Generate cluster diagnostics report', flags: [text('file', 'target report file name', { default: 'report.tar.gz' })] },
  { name: 'gc', help: 'Prune cluster resources', flags: [on('manual', 'Do not start the operation automatically', { short: 'm' }), on('confirm', 'Do not ask for confirmation', { short: 'c' }), phase, on('resume', 'Resume garbage collection'), force('Force phase execution')] },
  { name: 'exec', help: 'Run command in a planet container', strict: true, flags: [on('tty', 'Allocate a pseudo-TTY', { short: 't' }), on('interactive', 'Keep stdin open', { short: 'i' })], args: [arg('command', 'Command to execute'), arg('arg', 'Additional arguments to command', false, { list: true })] },
  { name: 'shell', help: 'Start an interactive shell in a planet container' },
  { name: 'enter', help: 'Enter the running planet container', hidden: true, strict: true, args: [arg('arg', 'Command to execute', false, { list: true })] },
  { name: 'resource', help: 'Manage cluster resources', commands: [
    { name: 'create', help: 'Create or update a resource, e.g. gravity resource create oidc.yaml', args: [arg('filename', 'resource definition file', false)], flags: [force('Overwrite resource if it already exists'), text('user', 'user to create resource for, defaults to currently logged in user'), on('manual', 'Manually execute operation phases', { short: 'm' }), on('confirm', 'Do not ask for confirmation')] },
    { name: 'rm', help: 'Remove a resource, e.g. gravity resource rm oidc google', args: [arg('kind', 'resource kind'), arg('name', 'resource name', false)], flags: [force('Ignore errors if the resource is not found', ), text('user', 'user to remove resource for'), on('confirm', 'Do not ask for confirmation')] },
    { name: 'get', help: 'Get configuration resources, e.g. gravity resource get oidc', args: [arg('kind', 'resource kind'), arg('name', 'resource name', false)], flags: [text('format', 'resource format, e.g. text, json or yaml', { default: 'text', values: ['text', 'json', 'yaml'] }), on('with-secrets', 'include secret properties like private keys'), text('user', 'user to display resources for')] },
  ] },
  {
    name: 'agent', help: 'RPC agent', commands: [
      { name: 'deploy', help: 'deploy RPC agents across cluster nodes', hidden: true }, { name: 'shutdown', help: 'request agents to shut down', hidden: true },
      { name: 'run', help: 'start RPC agent', hidden: true, args: [arg('args', 'arguments', false, { list: true })] },
    ],
  },
  {
    name: 'system', help: 'operations on system components', commands: [
      { name: 'uninstall', help: 'uninstall gravity from host', hidden: true, flags: [on('confirm', 'confirm the operation')] }, { name: 'state-dir', help: 'show where local gravity data is stored', hidden: true },
      { name: 'service', help: 'manage systemd services', hidden: true, commands: [{ name: 'list', help: 'list installed services', hidden: true }, { name: 'status', help: 'show the status of a service', hidden: true, args: [arg('package', 'service package name')] }] },
      { name: 'report', help: 'collect system diagnostics', hidden: true, flags: [text('filter', 'collect only specific diagnostics (system, kubernetes)', { kind: 'list' }), on('compressed', 'whether to compress the tarball', { default: 'true' })] },
    ],
  },
  { name: 'app-package', help: 'print the package name of the installed application', hidden: true }, { name: 'local-site', help: 'print the name of the local cluster', hidden: true },
  { name: 'planet', help: 'planet commands', hidden: true, commands: [{ name: 'enter', help: 'enter planet', hidden: true }, { name: 'status', help: 'planet status', hidden: true }] },
];

export const COMMANDS: readonly CommandSpec[] = [
  { name: 'help', help: 'Show help.', args: [{ name: 'command', help: 'Show help on command.', list: true }] },
  ...OPERATIONS, ...CLUSTER, ...LOCAL,
];
