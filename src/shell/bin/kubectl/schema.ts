/**
 * The fields of the kinds that people write by hand, for validation on the client as kubectl 1.14 does it
 * with the server's OpenAPI. A row: `Type field:type field:type!`; ! is required, ^ required but for the
 * workloads' old versions (extensions/v1beta1, apps/v1beta1), - known to those only; [x] a list, {x} a map,
 * s string, i integer, b boolean, n string or integer, q quantity, * anything. Data only; Kubernetes 1.14.
 */
const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const CORE = 'io.k8s.api.core.v1';

const TABLE = `
ObjectMeta@${META} annotations:{s} clusterName:s creationTimestamp:s deletionGracePeriodSeconds:i deletionTimestamp:s finalizers:[s] generateName:s generation:i initializers:* labels:{s} managedFields:* name:s namespace:s ownerReferences:[OwnerReference] resourceVersion:s selfLink:s uid:s
OwnerReference@${META} apiVersion:s! blockOwnerDeletion:b controller:b kind:s! name:s! uid:s!
LabelSelector@${META} matchExpressions:[LabelSelectorRequirement] matchLabels:{s}
LabelSelectorRequirement@${META} key:s! operator:s! values:[s]
PodTemplateSpec metadata:ObjectMeta spec:PodSpec
PodSpec activeDeadlineSeconds:i affinity:Affinity automountServiceAccountToken:b containers:[Container]! dnsConfig:PodDNSConfig dnsPolicy:s enableServiceLinks:b hostAliases:[HostAlias] hostIPC:b hostNetwork:b hostPID:b hostname:s imagePullSecrets:[LocalObjectReference] initContainers:[Container] nodeName:s nodeSelector:{s} priority:i priorityClassName:s readinessGates:[PodReadinessGate] restartPolicy:s runtimeClassName:s schedulerName:s securityContext:PodSecurityContext serviceAccount:s serviceAccountName:s shareProcessNamespace:b subdomain:s terminationGracePeriodSeconds:i tolerations:[Toleration] volumes:[Volume]
PodReadinessGate conditionType:s!
PodDNSConfig nameservers:[s] options:[PodDNSConfigOption] searches:[s]
PodDNSConfigOption name:s value:s
HostAlias hostnames:[s] ip:s
LocalObjectReference name:s
PodSecurityContext fsGroup:i runAsGroup:i runAsNonRoot:b runAsUser:i seLinuxOptions:* supplementalGroups:[i] sysctls:[Sysctl]
Sysctl name:s! value:s!
Toleration effect:s key:s operator:s tolerationSeconds:i value:s
Affinity nodeAffinity:NodeAffinity podAffinity:* podAntiAffinity:*
NodeAffinity preferredDuringSchedulingIgnoredDuringExecution:[PreferredSchedulingTerm] requiredDuringSchedulingIgnoredDuringExecution:NodeSelector
PreferredSchedulingTerm preference:NodeSelectorTerm! weight:i!
NodeSelector nodeSelectorTerms:[NodeSelectorTerm]!
NodeSelectorTerm matchExpressions:[NodeSelectorRequirement] matchFields:[NodeSelectorRequirement]
NodeSelectorRequirement key:s! operator:s! values:[s]
Container args:[s] command:[s] env:[EnvVar] envFrom:[EnvFromSource] image:s imagePullPolicy:s lifecycle:Lifecycle livenessProbe:Probe name:s! ports:[ContainerPort] readinessProbe:Probe resources:ResourceRequirements securityContext:SecurityContext stdin:b stdinOnce:b terminationMessagePath:s terminationMessagePolicy:s tty:b volumeDevices:[VolumeDevice] volumeMounts:[VolumeMount] workingDir:s
EnvVar name:s! value:s valueFrom:EnvVarSource
EnvVarSource configMapKeyRef:ConfigMapKeySelector fieldRef:ObjectFieldSelector resourceFieldRef:ResourceFieldSelector secretKeyRef:SecretKeySelector
ConfigMapKeySelector key:s! name:s optional:b
SecretKeySelector key:s! name:s optional:b
ObjectFieldSelector apiVersion:s fieldPath:s!
ResourceFieldSelector containerName:s divisor:q resource:s!
EnvFromSource configMapRef:ConfigMapEnvSource prefix:s secretRef:SecretEnvSource
ConfigMapEnvSource name:s optional:b
SecretEnvSource name:s optional:b
Lifecycle postStart:Handler preStop:Handler
Handler exec:ExecAction httpGet:HTTPGetAction tcpSocket:TCPSocketAction
Probe exec:ExecAction failureThreshold:i httpGet:HTTPGetAction initialDelaySeconds:i periodSeconds:i successThreshold:i tcpSocket:TCPSocketAction timeoutSeconds:i
ExecAction command:[s]
HTTPGetAction host:s httpHeaders:[HTTPHeader] path:s port:n! scheme:s
HTTPHeader name:s! value:s!
TCPSocketAction host:s port:n!
ContainerPort containerPort:i! hostIP:s hostPort:i name:s protocol:s
ResourceRequirements limits:{q} requests:{q}
SecurityContext allowPrivilegeEscalation:b capabilities:Capabilities privileged:b procMount:s readOnlyRootFilesystem:b runAsGroup:i runAsNonRoot:b runAsUser:i seLinuxOptions:*
Capabilities add:[s] drop:[s]
VolumeDevice devicePath:s! name:s!
VolumeMount mountPath:s! mountPropagation:s name:s! readOnly:b subPath:s subPathExpr:s
Volume awsElasticBlockStore:* azureDisk:* azureFile:* cephfs:* cinder:* configMap:ConfigMapVolumeSource csi:* downwardAPI:* emptyDir:EmptyDirVolumeSource fc:* flexVolume:* flocker:* gcePersistentDisk:* gitRepo:* glusterfs:* hostPath:HostPathVolumeSource iscsi:* name:s! nfs:NFSVolumeSource persistentVolumeClaim:PersistentVolumeClaimVolumeSource photonPersistentDisk:* portworxVolume:* projected:* quobyte:* rbd:* scaleIO:* secret:SecretVolumeSource storageos:* vsphereVolume:*
ConfigMapVolumeSource defaultMode:i items:[KeyToPath] name:s optional:b
SecretVolumeSource defaultMode:i items:[KeyToPath] optional:b secretName:s
KeyToPath key:s! mode:i path:s!
EmptyDirVolumeSource medium:s sizeLimit:q
HostPathVolumeSource path:s! type:s
NFSVolumeSource path:s! readOnly:b server:s!
PersistentVolumeClaimVolumeSource claimName:s! readOnly:b
ServiceSpec clusterIP:s externalIPs:[s] externalName:s externalTrafficPolicy:s healthCheckNodePort:i loadBalancerIP:s loadBalancerSourceRanges:[s] ports:[ServicePort] publishNotReadyAddresses:b selector:{s} sessionAffinity:s sessionAffinityConfig:* type:s
ServicePort name:s nodePort:i port:i! protocol:s targetPort:n
NodeSpec configSource:* externalID:s podCIDR:s providerID:s taints:[Taint] unschedulable:b
Taint effect:s! key:s! timeAdded:s value:s
NamespaceSpec finalizers:[s]
EndpointSubset addresses:[EndpointAddress] notReadyAddresses:[EndpointAddress] ports:[EndpointPort]
EndpointAddress hostname:s ip:s! nodeName:s targetRef:*
EndpointPort name:s port:i! protocol:s
PersistentVolumeSpec accessModes:[s] awsElasticBlockStore:* azureDisk:* azureFile:* capacity:{q} cephfs:* cinder:* claimRef:ObjectReference csi:* fc:* flexVolume:* flocker:* gcePersistentDisk:* glusterfs:* hostPath:HostPathVolumeSource iscsi:* local:LocalVolumeSource mountOptions:[s] nfs:NFSVolumeSource nodeAffinity:VolumeNodeAffinity persistentVolumeReclaimPolicy:s photonPersistentDisk:* portworxVolume:* quobyte:* rbd:* scaleIO:* storageClassName:s storageos:* volumeMode:s vsphereVolume:*
LocalVolumeSource fsType:s path:s!
VolumeNodeAffinity required:NodeSelector
ObjectReference apiVersion:s fieldPath:s kind:s name:s namespace:s resourceVersion:s uid:s
EventSource component:s host:s
LimitRangeSpec limits:[LimitRangeItem]!
LimitRangeItem default:{q} defaultRequest:{q} max:{q} maxLimitRequestRatio:{q} min:{q} type:s
LeaseSpec@group acquireTime:s holderIdentity:s leaseDurationSeconds:i leaseTransitions:i renewTime:s
PersistentVolumeClaimSpec accessModes:[s] dataSource:* resources:ResourceRequirements selector:LabelSelector storageClassName:s volumeMode:s volumeName:s
ReplicationControllerSpec minReadySeconds:i replicas:i selector:{s} template:PodTemplateSpec
ResourceQuotaSpec hard:{q} scopeSelector:* scopes:[s]
DaemonSetSpec@group minReadySeconds:i revisionHistoryLimit:i selector:LabelSelector^ template:PodTemplateSpec! templateGeneration:i- updateStrategy:DaemonSetUpdateStrategy
DaemonSetUpdateStrategy@group rollingUpdate:RollingUpdateDaemonSet type:s
RollingUpdateDaemonSet@group maxUnavailable:n
DeploymentSpec@group minReadySeconds:i paused:b progressDeadlineSeconds:i replicas:i revisionHistoryLimit:i rollbackTo:*- selector:LabelSelector^ strategy:DeploymentStrategy template:PodTemplateSpec!
DeploymentStrategy@group rollingUpdate:RollingUpdateDeployment type:s
RollingUpdateDeployment@group maxSurge:n maxUnavailable:n
ReplicaSetSpec@group minReadySeconds:i replicas:i selector:LabelSelector^ template:PodTemplateSpec
StatefulSetSpec@group podManagementPolicy:s replicas:i revisionHistoryLimit:i selector:LabelSelector^ serviceName:s! template:PodTemplateSpec! updateStrategy:* volumeClaimTemplates:[*]
JobSpec@group activeDeadlineSeconds:i backoffLimit:i completions:i manualSelector:b parallelism:i selector:LabelSelector template:PodTemplateSpec! ttlSecondsAfterFinished:i
CronJobSpec@group concurrencyPolicy:s failedJobsHistoryLimit:i jobTemplate:JobTemplateSpec! schedule:s! startingDeadlineSeconds:i successfulJobsHistoryLimit:i suspend:b
JobTemplateSpec@group metadata:ObjectMeta spec:JobSpec
PodDisruptionBudgetSpec@group maxUnavailable:n minAvailable:n selector:LabelSelector
HorizontalPodAutoscalerSpec@group maxReplicas:i! minReplicas:i scaleTargetRef:CrossVersionObjectReference! targetCPUUtilizationPercentage:i
CrossVersionObjectReference@group apiVersion:s kind:s! name:s!
IngressSpec@group backend:IngressBackend rules:[IngressRule] tls:[IngressTLS]
IngressBackend@group serviceName:s! servicePort:n!
IngressRule@group host:s http:HTTPIngressRuleValue
HTTPIngressRuleValue@group paths:[HTTPIngressPath]!
HTTPIngressPath@group backend:IngressBackend! path:s
IngressTLS@group hosts:[s] secretName:s
NetworkPolicySpec@group egress:[*] ingress:[*] podSelector:LabelSelector! policyTypes:[s]
PolicyRule@group apiGroups:[s] nonResourceURLs:[s] resourceNames:[s] resources:[s] verbs:[s]!
RoleRef@group apiGroup:s! kind:s! name:s!
Subject@group apiGroup:s kind:s! name:s! namespace:s
`;

/** Top-level kinds: fields besides apiVersion, kind, metadata and status. */
const KINDS = `
Pod spec:PodSpec
Service spec:ServiceSpec
Namespace spec:NamespaceSpec
Node spec:NodeSpec
ConfigMap binaryData:{*} data:{s}
Secret data:{s} stringData:{s} type:s
ServiceAccount automountServiceAccountToken:b imagePullSecrets:[LocalObjectReference] secrets:[*]
Endpoints subsets:[EndpointSubset]
PersistentVolumeClaim spec:PersistentVolumeClaimSpec
ReplicationController spec:ReplicationControllerSpec
ResourceQuota spec:ResourceQuotaSpec
DaemonSet spec:DaemonSetSpec
Deployment spec:DeploymentSpec
ReplicaSet spec:ReplicaSetSpec
StatefulSet spec:StatefulSetSpec
Job spec:JobSpec
CronJob spec:CronJobSpec
PodDisruptionBudget spec:PodDisruptionBudgetSpec
HorizontalPodAutoscaler spec:HorizontalPodAutoscalerSpec
Ingress spec:IngressSpec
NetworkPolicy spec:NetworkPolicySpec
Role rules:[PolicyRule]
ClusterRole aggregationRule:* rules:[PolicyRule]!
RoleBinding roleRef:RoleRef! subjects:[Subject]
ClusterRoleBinding roleRef:RoleRef! subjects:[Subject]
PriorityClass description:s globalDefault:b value:i!
PersistentVolume spec:PersistentVolumeSpec
StorageClass allowVolumeExpansion:b allowedTopologies:* mountOptions:[s] parameters:{s} provisioner:s! reclaimPolicy:s volumeBindingMode:s
LimitRange spec:LimitRangeSpec
Event action:s count:i eventTime:s firstTimestamp:s involvedObject:ObjectReference! lastTimestamp:s message:s reason:s related:ObjectReference reportingComponent:s reportingInstance:s series:* source:EventSource type:s
Lease spec:LeaseSpec
ControllerRevision data:* revision:i!
PodTemplate template:PodTemplateSpec
PodSecurityPolicy spec:*
CustomResourceDefinition spec:*
APIService spec:*
CertificateSigningRequest spec:*
ComponentStatus conditions:[*]
`;

export interface Field { readonly type: string; readonly required: boolean; readonly age: 'old' | 'new' | 'any' }
export interface Shape { readonly home: string; readonly fields: Readonly<Record<string, Field>> }

function parse(table: string): Map<string, Shape> {
  const out = new Map<string, Shape>();
  for (const line of table.trim().split('\n')) {
    const [head, ...rest] = line.split(' ');
    const [name, home] = head!.split('@');
    const fields: Record<string, Field> = {};
    for (const word of rest) {
      const at = word.indexOf(':');
      fields[word.slice(0, at)] = { type: word.slice(at + 1).replace(/[!^-]$/, ''), required: /[!^]$/.test(word), age: word.endsWith('^') ? 'new' : word.endsWith('-') ? 'old' : 'any' };
    }
    out.set(name!, { home: home ?? CORE, fields });
  }
  return out;
}

/** Whether a package is one of the workloads' old versions. */
export const isOld = (group: string): boolean => /\.(extensions|apps)\.v1beta1$/.test(group);

const plain = (type: string): Field => ({ type, required: false, age: 'any' });

const shapes = parse(TABLE);
const kinds = parse(KINDS);

/** io.k8s.api.apps.v1 of apps/v1. */
export function packageOf(apiVersion: string): string {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['core', apiVersion];
  return `io.k8s.api.${group!.replace(/\.k8s\.io$/, '').replace(/^rbac\.authorization$/, 'rbac').replace(/^(\w+)\..*$/, '$1')}.${version}`;
}

export const shapeOf = (name: string): Shape | undefined => shapes.get(name);

/** The whole object's shape. null: a kind that is not described here. */
export function kindShape(kind: string): Shape | null {
  const shape = kinds.get(kind);
  if (!shape) return null;
  return { home: 'group', fields: { apiVersion: plain('s'), kind: plain('s'), metadata: plain('ObjectMeta'), status: plain('*'), ...shape.fields } };
}
