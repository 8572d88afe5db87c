/**
 * Which settings systemd knows, and which values they take: systemd.directives(7) of 219 to 239. What it does not know it
 * names in the journal and ignores. Pure; what a setting does is config.ts's business.
 */
import { parseSpan, yes } from './unitfile.ts';

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

const EXEC = `WorkingDirectory RootDirectory RootImage User Group SupplementaryGroups DynamicUser PAMName Nice OOMScoreAdjust IOSchedulingClass IOSchedulingPriority CPUSchedulingPolicy CPUSchedulingPriority
  CPUSchedulingResetOnFork CPUAffinity UMask Environment EnvironmentFile PassEnvironment UnsetEnvironment StandardInput StandardOutput StandardError StandardInputText TTYPath TTYReset TTYVHangup TTYVTDisallocate
  SyslogIdentifier SyslogFacility SyslogLevel SyslogLevelPrefix LogLevelMax LogExtraFields TimerSlackNSec LimitCPU LimitFSIZE LimitDATA LimitSTACK LimitCORE LimitRSS LimitNOFILE LimitAS LimitNPROC LimitMEMLOCK LimitLOCKS
  LimitSIGPENDING LimitMSGQUEUE LimitNICE LimitRTPRIO LimitRTTIME Capabilities CapabilityBoundingSet AmbientCapabilities SecureBits ReadWriteDirectories ReadOnlyDirectories InaccessibleDirectories ReadWritePaths
  ReadOnlyPaths InaccessiblePaths BindPaths BindReadOnlyPaths PrivateTmp PrivateDevices PrivateNetwork PrivateUsers PrivateMounts ProtectHome ProtectSystem ProtectKernelTunables ProtectKernelModules ProtectControlGroups MountAPIVFS
  MountFlags UtmpIdentifier UtmpMode SELinuxContext AppArmorProfile SmackProcessLabel IgnoreSIGPIPE NoNewPrivileges SystemCallFilter SystemCallErrorNumber SystemCallArchitectures RestrictAddressFamilies RestrictNamespaces
  RestrictRealtime LockPersonality MemoryDenyWriteExecute RuntimeDirectory RuntimeDirectoryMode RuntimeDirectoryPreserve StateDirectory StateDirectoryMode CacheDirectory CacheDirectoryMode LogsDirectory LogsDirectoryMode
  ConfigurationDirectory ConfigurationDirectoryMode Personality KeyringMode`;
const GROUP = `Slice CPUAccounting CPUWeight StartupCPUWeight CPUShares StartupCPUShares CPUQuota MemoryAccounting MemoryMin MemoryLow MemoryHigh MemoryMax MemorySwapMax MemoryLimit TasksAccounting TasksMax IOAccounting IOWeight
  StartupIOWeight IODeviceWeight IOReadBandwidthMax IOWriteBandwidthMax BlockIOAccounting BlockIOWeight StartupBlockIOWeight BlockIODeviceWeight BlockIOReadBandwidth BlockIOWriteBandwidth IPAccounting IPAddressAllow IPAddressDeny
  DeviceAllow DevicePolicy Delegate KillMode KillSignal SendSIGHUP SendSIGKILL`;
const CONDITIONS = 'PathExists PathExistsGlob PathIsDirectory PathIsSymbolicLink PathIsMountPoint PathIsReadWrite DirectoryNotEmpty FileNotEmpty FileIsExecutable KernelCommandLine KernelVersion Virtualization Security Capability Architecture Host ACPower NeedsUpdate FirstBoot User Group ControlGroupController Null';

const SECTIONS: Readonly<Record<string, ReadonlySet<string>>> = {
  Unit: words(`Description Documentation SourcePath Requires Requisite Wants BindsTo BindTo PartOf Conflicts Before After OnFailure OnFailureJobMode PropagatesReloadTo ReloadPropagatedFrom JoinsNamespaceOf RequiresMountsFor RequiresOverridable
    RequisiteOverridable StopWhenUnneeded RefuseManualStart RefuseManualStop AllowIsolate DefaultDependencies IgnoreOnIsolate IgnoreOnSnapshot CollectMode FailureAction SuccessAction RebootArgument JobTimeoutSec JobRunningTimeoutSec JobTimeoutAction JobTimeoutRebootArgument
    StartLimitInterval StartLimitIntervalSec StartLimitBurst StartLimitAction ${CONDITIONS.split(' ').flatMap((c) => [`Condition${c}`, `Assert${c}`]).join(' ')}`),
  Install: words('Alias WantedBy RequiredBy Also DefaultInstance'),
  Service: words(`Type RemainAfterExit GuessMainPID PIDFile BusName ExecStart ExecStartPre ExecStartPost ExecReload ExecStop ExecStopPost RestartSec TimeoutStartSec TimeoutStopSec TimeoutSec RuntimeMaxSec WatchdogSec Restart SuccessExitStatus
    RestartPreventExitStatus RestartForceExitStatus PermissionsStartOnly RootDirectoryStartOnly NonBlocking NotifyAccess Sockets FailureAction StartLimitInterval StartLimitBurst StartLimitAction RebootArgument FileDescriptorStoreMax
    USBFunctionDescriptors USBFunctionStrings ${EXEC} ${GROUP}`),
  Socket: words(`ListenStream ListenDatagram ListenSequentialPacket ListenFIFO ListenSpecial ListenNetlink ListenMessageQueue ListenUSBFunction SocketProtocol BindIPv6Only Backlog BindToDevice SocketUser SocketGroup SocketMode DirectoryMode Accept
    Writable MaxConnections MaxConnectionsPerSource KeepAlive KeepAliveTimeSec KeepAliveIntervalSec KeepAliveProbes NoDelay Priority DeferAcceptSec ReceiveBuffer SendBuffer IPTOS IPTTL Mark ReusePort SmackLabel SmackLabelIPIn SmackLabelIPOut SELinuxContextFromNet
    PipeSize MessageQueueMaxMessages MessageQueueMessageSize FreeBind Transparent Broadcast PassCredentials PassSecurity TCPCongestion ExecStartPre ExecStartPost ExecStopPre ExecStopPost TimeoutSec Service RemoveOnStop Symlinks FileDescriptorName
    TriggerLimitIntervalSec TriggerLimitBurst ${EXEC} ${GROUP}`),
  Timer: words('OnActiveSec OnBootSec OnStartupSec OnUnitActiveSec OnUnitInactiveSec OnCalendar AccuracySec RandomizedDelaySec Unit Persistent WakeSystem RemainAfterElapse'),
  Path: words('PathExists PathExistsGlob PathChanged PathModified DirectoryNotEmpty Unit MakeDirectory DirectoryMode'),
  Mount: words(`What Where Type Options SloppyOptions LazyUnmount ForceUnmount DirectoryMode TimeoutSec ${EXEC} ${GROUP}`),
  Slice: words(GROUP), Scope: words(`${GROUP} TimeoutStopSec`), Swap: words(`What Priority Options TimeoutSec ${EXEC} ${GROUP}`), Automount: words('Where DirectoryMode TimeoutIdleSec'),
};

const CHOICES: Readonly<Record<string, { values: ReadonlySet<string>; what: string }>> = {
  Type: { values: words('simple forking oneshot dbus notify idle'), what: 'service type' },
  Restart: { values: words('no on-success on-failure on-abnormal on-watchdog on-abort always'), what: 'service restart specifier' },
  KillMode: { values: words('control-group process mixed none'), what: 'kill mode specifier' },
  NotifyAccess: { values: words('none main exec all'), what: 'notify access specifier' },
};
const BOOLEAN = words('RemainAfterExit GuessMainPID PermissionsStartOnly NonBlocking AllowIsolate DefaultDependencies RefuseManualStart RefuseManualStop StopWhenUnneeded IgnoreOnIsolate Persistent WakeSystem Accept SendSIGHUP SendSIGKILL NoNewPrivileges IgnoreSIGPIPE');
const SPANS = words('RestartSec TimeoutStartSec TimeoutStopSec TimeoutSec StartLimitInterval StartLimitIntervalSec OnActiveSec OnBootSec OnStartupSec OnUnitActiveSec OnUnitInactiveSec AccuracySec RandomizedDelaySec');

/** The section that a kind of unit has besides Unit and Install. */
const own = (kind: string): string => kind.charAt(0).toUpperCase() + kind.slice(1);

/** What is wrong with a section of a unit of this kind; null: nothing, or it is somebody else's (X-…). */
export function sectionComplaint(section: string, kind: string): string | null {
  if (section === 'Unit' || section === 'Install' || section === own(kind) || section.startsWith('X-')) return null;
  return `Unknown section '${section}'. Ignoring.`;
}

/** What is wrong with an assignment; the line is then as if it were not there. */
export function complaintOf(section: string, key: string, value: string): string | null {
  if (section.startsWith('X-') || key.startsWith('X-')) return null;
  const known = SECTIONS[section];
  if (!known) return null;
  if (!known.has(key)) return `Unknown lvalue '${key}' in section '${section}'`;
  if (value === '') return null;
  const choice = section === 'Service' || key === 'KillMode' ? CHOICES[key] : undefined;
  if (choice && !choice.values.has(value)) return `Failed to parse ${choice.what}, ignoring: ${value}`;
  if (BOOLEAN.has(key) && yes(value) === undefined) return `Failed to parse boolean value, ignoring: ${value}`;
  if (SPANS.has(key) && parseSpan(value) === null) return `Failed to parse ${key} value, ignoring: ${value}`;
  return null;
}
