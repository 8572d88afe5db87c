/**
 * Kubernetes objects as the rooms here read them: the fields in use, all read-only, since objects are
 * shared between processes by reference. It knows no behaviour. Kubernetes v1.14, k8s.io/api.
 */

export interface OwnerReference {
  readonly apiVersion: string; readonly kind: string; readonly name: string; readonly uid: string;
  readonly controller?: boolean; readonly blockOwnerDeletion?: boolean;
}

export type Labels = Readonly<Record<string, string>>;

export interface Meta {
  readonly name: string; readonly generateName?: string; readonly namespace?: string;
  readonly uid?: string; readonly resourceVersion?: string; readonly generation?: number; readonly selfLink?: string;
  readonly creationTimestamp?: string | null; readonly deletionTimestamp?: string; readonly deletionGracePeriodSeconds?: number;
  readonly labels?: Labels; readonly annotations?: Labels;
  readonly ownerReferences?: readonly OwnerReference[]; readonly finalizers?: readonly string[];
}

/** Any object. What a kind adds is read through the interfaces below. */
export interface Obj { readonly apiVersion: string; readonly kind: string; readonly metadata: Meta; readonly [field: string]: unknown }

export interface SelectorTerm { readonly key: string; readonly operator: string; readonly values?: readonly string[] | null }
export interface LabelSelector { readonly matchLabels?: Labels; readonly matchExpressions?: readonly SelectorTerm[] }

export interface Condition {
  readonly type: string; readonly status: 'True' | 'False' | 'Unknown'; readonly reason?: string; readonly message?: string;
  readonly lastTransitionTime?: string | null; readonly lastProbeTime?: string | null;
  readonly lastUpdateTime?: string | null; readonly lastHeartbeatTime?: string | null;
}

// --- pods
export interface KeyRef { readonly name?: string; readonly key: string; readonly optional?: boolean }
export interface EnvVar {
  readonly name: string; readonly value?: string;
  readonly valueFrom?: {
    readonly fieldRef?: { readonly apiVersion?: string; readonly fieldPath: string };
    readonly resourceFieldRef?: { readonly resource: string; readonly containerName?: string; readonly divisor?: string };
    readonly configMapKeyRef?: KeyRef; readonly secretKeyRef?: KeyRef;
  };
}
export interface EnvFrom {
  readonly prefix?: string;
  readonly configMapRef?: { readonly name: string; readonly optional?: boolean };
  readonly secretRef?: { readonly name: string; readonly optional?: boolean };
}
export interface HttpGet { readonly path?: string; readonly port: number | string; readonly host?: string; readonly scheme?: string; readonly httpHeaders?: readonly { name: string; value: string }[] }
export interface Handler { readonly exec?: { readonly command?: readonly string[] }; readonly httpGet?: HttpGet; readonly tcpSocket?: { readonly port: number | string; readonly host?: string } }
export interface Probe extends Handler {
  readonly initialDelaySeconds?: number; readonly timeoutSeconds?: number; readonly periodSeconds?: number;
  readonly successThreshold?: number; readonly failureThreshold?: number;
}
export interface ContainerPort { readonly name?: string; readonly containerPort: number; readonly hostPort?: number; readonly hostIP?: string; readonly protocol?: string }
export interface Resources { readonly limits?: Labels; readonly requests?: Labels }
export interface SecurityContext {
  readonly privileged?: boolean; readonly runAsUser?: number; readonly runAsGroup?: number; readonly runAsNonRoot?: boolean;
  readonly readOnlyRootFilesystem?: boolean; readonly allowPrivilegeEscalation?: boolean;
  readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] };
}
export interface VolumeMount { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean; readonly subPath?: string }
export interface Container {
  readonly name: string; readonly image: string; readonly command?: readonly string[]; readonly args?: readonly string[];
  readonly workingDir?: string; readonly ports?: readonly ContainerPort[]; readonly env?: readonly EnvVar[]; readonly envFrom?: readonly EnvFrom[];
  readonly resources?: Resources; readonly volumeMounts?: readonly VolumeMount[]; readonly livenessProbe?: Probe; readonly readinessProbe?: Probe;
  readonly lifecycle?: { readonly postStart?: Handler; readonly preStop?: Handler };
  readonly imagePullPolicy?: string; readonly securityContext?: SecurityContext; readonly terminationMessagePath?: string;
  readonly terminationMessagePolicy?: string; readonly stdin?: boolean; readonly stdinOnce?: boolean; readonly tty?: boolean;
}
export interface KeyToPath { readonly key: string; readonly path: string; readonly mode?: number }
export interface DownwardFile { readonly path: string; readonly fieldRef?: { readonly fieldPath: string }; readonly resourceFieldRef?: { readonly resource: string; readonly containerName?: string; readonly divisor?: string } }
export interface Projection {
  readonly secret?: { readonly name?: string; readonly items?: readonly KeyToPath[]; readonly optional?: boolean };
  readonly configMap?: { readonly name?: string; readonly items?: readonly KeyToPath[]; readonly optional?: boolean };
  readonly downwardAPI?: { readonly items?: readonly DownwardFile[] };
  readonly serviceAccountToken?: { readonly audience?: string; readonly expirationSeconds?: number; readonly path: string };
}
export interface Volume {
  readonly name: string;
  readonly hostPath?: { readonly path: string; readonly type?: string };
  readonly emptyDir?: { readonly medium?: string; readonly sizeLimit?: string };
  readonly configMap?: { readonly name?: string; readonly items?: readonly KeyToPath[]; readonly defaultMode?: number; readonly optional?: boolean };
  readonly secret?: { readonly secretName?: string; readonly items?: readonly KeyToPath[]; readonly defaultMode?: number; readonly optional?: boolean };
  readonly projected?: { readonly sources?: readonly Projection[]; readonly defaultMode?: number };
  readonly downwardAPI?: { readonly items?: readonly DownwardFile[]; readonly defaultMode?: number };
  readonly persistentVolumeClaim?: { readonly claimName: string; readonly readOnly?: boolean };
}
export interface Toleration { readonly key?: string; readonly operator?: string; readonly value?: string; readonly effect?: string; readonly tolerationSeconds?: number }
export interface Taint { readonly key: string; readonly value?: string; readonly effect: string; readonly timeAdded?: string | null }
export interface NodeSelectorTerm { readonly matchExpressions?: readonly SelectorTerm[]; readonly matchFields?: readonly SelectorTerm[] }
export interface PodAffinityTerm { readonly labelSelector?: LabelSelector; readonly namespaces?: readonly string[]; readonly topologyKey: string }
export interface Affinity {
  readonly nodeAffinity?: {
    readonly requiredDuringSchedulingIgnoredDuringExecution?: { readonly nodeSelectorTerms: readonly NodeSelectorTerm[] };
    readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly { weight: number; preference: NodeSelectorTerm }[];
  };
  readonly podAffinity?: { readonly requiredDuringSchedulingIgnoredDuringExecution?: readonly PodAffinityTerm[]; readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly { weight: number; podAffinityTerm: PodAffinityTerm }[] };
  readonly podAntiAffinity?: { readonly requiredDuringSchedulingIgnoredDuringExecution?: readonly PodAffinityTerm[]; readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly { weight: number; podAffinityTerm: PodAffinityTerm }[] };
}
export interface PodSpec {
  readonly containers: readonly Container[]; readonly initContainers?: readonly Container[]; readonly volumes?: readonly Volume[];
  readonly nodeName?: string; readonly nodeSelector?: Labels; readonly affinity?: Affinity; readonly tolerations?: readonly Toleration[];
  readonly restartPolicy?: 'Always' | 'OnFailure' | 'Never'; readonly terminationGracePeriodSeconds?: number; readonly activeDeadlineSeconds?: number;
  readonly dnsPolicy?: string; readonly dnsConfig?: { readonly nameservers?: readonly string[]; readonly searches?: readonly string[]; readonly options?: readonly { name: string; value?: string }[] };
  readonly serviceAccountName?: string; readonly serviceAccount?: string; readonly automountServiceAccountToken?: boolean;
  readonly hostNetwork?: boolean; readonly hostPID?: boolean; readonly hostIPC?: boolean; readonly hostname?: string; readonly subdomain?: string;
  readonly hostAliases?: readonly { ip: string; hostnames: readonly string[] }[];
  readonly securityContext?: SecurityContext & { readonly fsGroup?: number; readonly supplementalGroups?: readonly number[] };
  readonly schedulerName?: string; readonly priority?: number; readonly priorityClassName?: string; readonly enableServiceLinks?: boolean;
  readonly imagePullSecrets?: readonly { name: string }[]; readonly shareProcessNamespace?: boolean;
  readonly readinessGates?: readonly { conditionType: string }[];
}
export interface Terminated { readonly exitCode: number; readonly signal?: number; readonly reason?: string; readonly message?: string; readonly startedAt?: string | null; readonly finishedAt?: string | null; readonly containerID?: string }
export interface ContainerState {
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly running?: { readonly startedAt: string | null };
  readonly terminated?: Terminated;
}
export interface ContainerStatus {
  readonly name: string; readonly state: ContainerState; readonly lastState: ContainerState; readonly ready: boolean; readonly restartCount: number;
  readonly image: string; readonly imageID: string; readonly containerID?: string;
}
export interface PodStatus {
  readonly phase?: string; readonly conditions?: readonly Condition[]; readonly message?: string; readonly reason?: string;
  readonly hostIP?: string; readonly podIP?: string; readonly startTime?: string | null; readonly qosClass?: string; readonly nominatedNodeName?: string;
  readonly containerStatuses?: readonly ContainerStatus[]; readonly initContainerStatuses?: readonly ContainerStatus[];
}
export interface Pod extends Obj { readonly spec: PodSpec; readonly status?: PodStatus }
export interface PodTemplate { readonly metadata?: Partial<Meta>; readonly spec: PodSpec }

// --- nodes
export interface NodeStatus {
  readonly capacity?: Labels; readonly allocatable?: Labels; readonly conditions?: readonly Condition[];
  readonly addresses?: readonly { type: string; address: string }[];
  readonly daemonEndpoints?: { readonly kubeletEndpoint?: { readonly Port: number } };
  readonly nodeInfo?: Labels; readonly images?: readonly { names: readonly string[]; sizeBytes?: number }[];
}
export interface Node extends Obj { readonly spec: { readonly unschedulable?: boolean; readonly taints?: readonly Taint[]; readonly podCIDR?: string; readonly providerID?: string }; readonly status?: NodeStatus }

// --- services and what they point to
export interface ServicePort { readonly name?: string; readonly protocol?: string; readonly port: number; readonly targetPort?: number | string; readonly nodePort?: number }
export interface Service extends Obj {
  readonly spec: {
    readonly type?: string; readonly clusterIP?: string; readonly ports?: readonly ServicePort[]; readonly selector?: Labels; readonly externalIPs?: readonly string[];
    readonly externalName?: string; readonly sessionAffinity?: string; readonly sessionAffinityConfig?: { readonly clientIP?: { readonly timeoutSeconds?: number } };
    readonly externalTrafficPolicy?: string; readonly publishNotReadyAddresses?: boolean; readonly loadBalancerIP?: string;
    readonly healthCheckNodePort?: number; readonly loadBalancerSourceRanges?: readonly string[];
  };
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly { ip?: string; hostname?: string }[] } };
}
export interface ObjectReference { readonly kind?: string; readonly namespace?: string; readonly name?: string; readonly uid?: string; readonly apiVersion?: string; readonly resourceVersion?: string; readonly fieldPath?: string }
export interface EndpointAddress { readonly ip: string; readonly hostname?: string; readonly nodeName?: string; readonly targetRef?: ObjectReference }
export interface EndpointPort { readonly name?: string; readonly port: number; readonly protocol?: string }
export interface EndpointSubset { readonly addresses?: readonly EndpointAddress[]; readonly notReadyAddresses?: readonly EndpointAddress[]; readonly ports?: readonly EndpointPort[] }
export interface Endpoints extends Obj { readonly subsets?: readonly EndpointSubset[] }

// --- workloads
export interface DaemonSet extends Obj {
  readonly spec: { readonly selector?: LabelSelector; readonly template: PodTemplate; readonly minReadySeconds?: number; readonly revisionHistoryLimit?: number; readonly templateGeneration?: number; readonly updateStrategy?: { readonly type?: string; readonly rollingUpdate?: { readonly maxUnavailable?: number | string } } };
  readonly status?: {
    readonly currentNumberScheduled: number; readonly numberMisscheduled: number; readonly desiredNumberScheduled: number; readonly numberReady: number;
    readonly observedGeneration?: number; readonly updatedNumberScheduled?: number; readonly numberAvailable?: number; readonly numberUnavailable?: number;
  };
}
export interface ReplicaSet extends Obj {
  readonly spec: { readonly replicas?: number; readonly selector?: LabelSelector; readonly template: PodTemplate; readonly minReadySeconds?: number };
  readonly status?: { readonly replicas: number; readonly fullyLabeledReplicas?: number; readonly readyReplicas?: number; readonly availableReplicas?: number; readonly observedGeneration?: number; readonly conditions?: readonly Condition[] };
}
export interface Deployment extends Obj {
  readonly spec: {
    readonly replicas?: number; readonly selector?: LabelSelector; readonly template: PodTemplate; readonly minReadySeconds?: number; readonly paused?: boolean;
    readonly revisionHistoryLimit?: number; readonly progressDeadlineSeconds?: number; readonly rollbackTo?: { readonly revision?: number };
    readonly strategy?: { readonly type?: string; readonly rollingUpdate?: { readonly maxUnavailable?: number | string; readonly maxSurge?: number | string } };
  };
  readonly status?: { readonly replicas?: number; readonly updatedReplicas?: number; readonly readyReplicas?: number; readonly availableReplicas?: number; readonly unavailableReplicas?: number; readonly observedGeneration?: number; readonly conditions?: readonly Condition[] };
}
export interface StatefulSet extends Obj {
  readonly spec: { readonly replicas?: number; readonly selector?: LabelSelector; readonly template: PodTemplate; readonly serviceName?: string; readonly podManagementPolicy?: string; readonly revisionHistoryLimit?: number; readonly updateStrategy?: { readonly type?: string; readonly rollingUpdate?: { readonly partition?: number } }; readonly volumeClaimTemplates?: readonly Obj[] };
  readonly status?: { readonly replicas: number; readonly readyReplicas?: number; readonly currentReplicas?: number; readonly updatedReplicas?: number; readonly currentRevision?: string; readonly updateRevision?: string; readonly observedGeneration?: number };
}
export interface Job extends Obj {
  readonly spec: { readonly parallelism?: number; readonly completions?: number; readonly activeDeadlineSeconds?: number; readonly backoffLimit?: number; readonly selector?: LabelSelector; readonly manualSelector?: boolean; readonly template: PodTemplate; readonly ttlSecondsAfterFinished?: number };
  readonly status?: { readonly conditions?: readonly Condition[]; readonly startTime?: string; readonly completionTime?: string; readonly active?: number; readonly succeeded?: number; readonly failed?: number };
}
export interface CronJob extends Obj {
  readonly spec: { readonly schedule: string; readonly startingDeadlineSeconds?: number; readonly concurrencyPolicy?: string; readonly suspend?: boolean; readonly jobTemplate: { readonly metadata?: Partial<Meta>; readonly spec: Job['spec'] }; readonly successfulJobsHistoryLimit?: number; readonly failedJobsHistoryLimit?: number };
  readonly status?: { readonly active?: readonly ObjectReference[]; readonly lastScheduleTime?: string };
}
export interface ControllerRevision extends Obj { readonly data: { readonly spec: { readonly template: PodTemplate } }; readonly revision: number }

// --- the rest in use
export interface KubeEvent extends Obj {
  readonly involvedObject: ObjectReference; readonly reason: string; readonly message: string; readonly source?: { readonly component?: string; readonly host?: string };
  readonly firstTimestamp?: string | null; readonly lastTimestamp?: string | null; readonly count?: number; readonly type: string;
}
export interface Lease extends Obj { readonly spec: { readonly holderIdentity?: string; readonly leaseDurationSeconds?: number; readonly acquireTime?: string; readonly renewTime?: string; readonly leaseTransitions?: number } }
export interface ConfigMap extends Obj { readonly data?: Labels; readonly binaryData?: Labels }
export interface Secret extends Obj { readonly data?: Labels; readonly stringData?: Labels; readonly type?: string }
export interface ServiceAccount extends Obj { readonly secrets?: readonly ObjectReference[]; readonly imagePullSecrets?: readonly { name: string }[]; readonly automountServiceAccountToken?: boolean }
export interface Namespace extends Obj { readonly spec?: { readonly finalizers?: readonly string[] }; readonly status?: { readonly phase?: string } }
export interface PolicyRule { readonly verbs: readonly string[]; readonly apiGroups?: readonly string[]; readonly resources?: readonly string[]; readonly resourceNames?: readonly string[]; readonly nonResourceURLs?: readonly string[] }
export interface Role extends Obj { readonly rules?: readonly PolicyRule[] | null }
export interface Subject { readonly kind: string; readonly name: string; readonly namespace?: string; readonly apiGroup?: string }
export interface RoleBinding extends Obj { readonly subjects?: readonly Subject[]; readonly roleRef: { readonly apiGroup: string; readonly kind: string; readonly name: string } }
export interface DisruptionBudget extends Obj {
  readonly spec: { readonly minAvailable?: number | string; readonly maxUnavailable?: number | string; readonly selector?: LabelSelector };
  readonly status?: { readonly disruptionsAllowed: number; readonly currentHealthy: number; readonly desiredHealthy: number; readonly expectedPods: number; readonly observedGeneration?: number };
}
export interface ResourceQuota extends Obj { readonly spec: { readonly hard?: Labels; readonly scopes?: readonly string[] }; readonly status?: { readonly hard?: Labels; readonly used?: Labels } }
export interface LimitRange extends Obj { readonly spec: { readonly limits: readonly { readonly type: string; readonly max?: Labels; readonly min?: Labels; readonly default?: Labels; readonly defaultRequest?: Labels }[] } }
export interface SecurityPolicy extends Obj {
  readonly spec: {
    readonly privileged?: boolean; readonly hostNetwork?: boolean; readonly hostPID?: boolean; readonly hostIPC?: boolean; readonly hostPorts?: readonly { min: number; max: number }[];
    readonly volumes?: readonly string[]; readonly allowedCapabilities?: readonly string[]; readonly readOnlyRootFilesystem?: boolean; readonly allowPrivilegeEscalation?: boolean;
    readonly allowedHostPaths?: readonly { pathPrefix: string; readOnly?: boolean }[]; readonly runAsUser: { readonly rule: string; readonly ranges?: readonly { min: number; max: number }[] };
    readonly seLinux?: { readonly rule: string }; readonly fsGroup?: { readonly rule: string }; readonly supplementalGroups?: { readonly rule: string };
  };
}

/** What a failed request answers, `kind: Status`. */
export interface Status {
  readonly kind: 'Status'; readonly apiVersion: 'v1'; readonly metadata: Readonly<Record<string, string>>; readonly status: 'Success' | 'Failure'; readonly message?: string; readonly reason?: string;
  readonly details?: { readonly name?: string; readonly group?: string; readonly kind?: string; readonly uid?: string; readonly causes?: readonly { reason: string; message: string; field: string }[]; readonly retryAfterSeconds?: number }; readonly code?: number;
}
