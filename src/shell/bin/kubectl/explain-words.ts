/**
 * What `kubectl explain` says of kinds and fields, in words of our own: a row `Kind text`, `Type.field text`. Rows that
 * hold for every kind begin with a star. Nothing is said of what is missing here. Meanings of Kubernetes 1.14.
 */
const WORDS = `
*.apiVersion Names the version of the schema that this object is written in. The server converts what it knows to its own version and refuses what it does not.
*.kind Says which REST resource the object is. It is written in CamelCase and cannot be changed.
*.metadata The object's name, namespace, labels and other metadata.
*.spec The wanted behaviour: what a user asks for.
*.status What was last observed of the object. It is filled in by the system and may be some time behind.
Pod A group of containers that run together on one host. Clients create it, the scheduler gives it a node.
Service A named set of pods behind one address and port that stay the same. The proxy on each node spreads what comes there over the pods that the selector finds.
Namespace A scope for names. Objects of different namespaces may have the same name.
Node A worker machine of the cluster, known by its name in etcd.
ConfigMap Configuration for pods to read: keys and values.
Secret Data that should not be shown, such as keys and passwords: keys and values of at most 1 MiB in all.
ServiceAccount An identity for what runs in pods, with the secrets that it may use.
Endpoints The addresses and ports that stand behind a service. Each subset combines all its addresses with all its ports.
PersistentVolumeClaim A user's request for storage, and the volume that was bound to it.
PersistentVolume A piece of storage of the cluster, made by an administrator or by a storage class.
ReplicationController Keeps a number of equal pods alive. A Deployment is what is used today.
ReplicaSet Makes sure that a given number of equal pods runs at any time.
Deployment Declares pods and their ReplicaSets, and rolls from one version to the next.
DaemonSet Runs one copy of a pod on every node that fits.
StatefulSet Pods with lasting names and storage, made and ended in order.
Job Runs pods until a given number of them has ended well.
CronJob Makes a Job at set times.
ResourceQuota Limits what a namespace may use in all.
LimitRange Sets the least, the most and the defaults that one pod or container of a namespace may ask for.
PodDisruptionBudget How many pods of a set must stay when pods are evicted on purpose.
HorizontalPodAutoscaler Changes the scale of a workload by what its pods use.
Ingress Rules by which HTTP from outside reaches services.
NetworkPolicy Which traffic a set of pods may have.
Role A set of rules within one namespace: verbs that are allowed on resources.
ClusterRole A set of rules for the whole cluster, or to be bound in namespaces.
RoleBinding Gives the rules of a role to users, groups or service accounts within one namespace.
ClusterRoleBinding Gives the rules of a cluster role to users, groups or service accounts everywhere.
StorageClass How volumes are made when a claim asks for this class.
Event A report of something that happened to an object. Events are kept for an hour.
Lease A time-limited claim, as a node or a leader renews it.
PriorityClass A name for a priority of pods.
PodSecurityPolicy What pods may ask for that concerns the security of the node.
CustomResourceDefinition Declares a kind of object that the server stores beside its own.
APIService A group and version that another server answers for.
CertificateSigningRequest A request for a certificate that an approver signs or denies.
ComponentStatus How the scheduler, the controller manager and etcd answer their health checks.
ControllerRevision An earlier state of a DaemonSet or StatefulSet, for going back.
PodTemplate A template for pods, kept as an object.
ObjectMeta.name The name of the object, unique within its namespace and kind. It cannot be changed.
ObjectMeta.namespace The namespace of the object; empty means default. Kinds of the whole cluster have none.
ObjectMeta.labels Keys and values by which objects are grouped and found. Selectors of services and controllers match them.
ObjectMeta.annotations Keys and values for tools to keep. They cannot be selected by.
ObjectMeta.generateName A prefix from which the server makes a unique name when none is given.
ObjectMeta.uid The identity of this object in time and space, given by the server: an object of the same name made later has another.
ObjectMeta.resourceVersion A token for this state of the object, for watches and for updates that must not overwrite others'.
ObjectMeta.creationTimestamp When the server made the object, in UTC.
ObjectMeta.deletionTimestamp When the object is to be gone. It is set by the server when deletion is asked for, and cannot be taken back.
ObjectMeta.deletionGracePeriodSeconds How long the object may take to end before it is removed.
ObjectMeta.finalizers Names that must be taken off before the object is removed.
ObjectMeta.ownerReferences The objects that this one depends on: when all are gone, it is collected.
ObjectMeta.generation A number that grows with every change of what is wanted.
ObjectMeta.selfLink The URL of this object.
OwnerReference.controller Whether this owner is the one that manages the object.
OwnerReference.blockOwnerDeletion Whether an owner that is deleted in the foreground must wait for this object.
LabelSelector.matchLabels Labels that must be there with these values.
LabelSelector.matchExpressions Requirements on labels; all of them must hold.
LabelSelectorRequirement.key The label that is meant.
LabelSelectorRequirement.operator How the label and the values relate: In, NotIn, Exists or DoesNotExist.
LabelSelectorRequirement.values For In and NotIn at least one value; for Exists and DoesNotExist none.
PodTemplateSpec.metadata The metadata that the pods get.
PodTemplateSpec.spec The behaviour that the pods get.
PodSpec.activeDeadlineSeconds So many seconds after its start the pod is ended and counts as failed.
PodSpec.affinity Where the pod may or would rather run.
PodSpec.automountServiceAccountToken Whether the service account's token is mounted into the containers.
PodSpec.containers The containers of the pod. There is at least one, and the list cannot be changed.
PodSpec.dnsConfig Servers, search domains and options beside those of the DNS policy.
PodSpec.dnsPolicy What the containers' resolv.conf holds: ClusterFirst (default), ClusterFirstWithHostNet, Default (that of the node) or None.
PodSpec.enableServiceLinks Whether the services of the namespace appear in the containers' environment. Default true.
PodSpec.hostAliases Lines for the containers' /etc/hosts.
PodSpec.hostIPC Use the node's IPC namespace. Default false.
PodSpec.hostNetwork Use the node's network: its addresses, ports and routes. Default false.
PodSpec.hostPID Use the node's process namespace. Default false.
PodSpec.hostname The pod's host name, when it is not to be the pod's own name.
PodSpec.imagePullSecrets Secrets of this namespace with which images are pulled.
PodSpec.initContainers Containers that run one after another, each to its end, before the others are started.
PodSpec.nodeName The node of the pod. The scheduler fills it in; who sets it goes past the scheduler.
PodSpec.nodeSelector Labels that a node must have for the pod to run there.
PodSpec.priority The pod's priority; it is set from priorityClassName.
PodSpec.priorityClassName The PriorityClass of the pod.
PodSpec.readinessGates Conditions that must hold, besides those of the containers, for the pod to be ready.
PodSpec.restartPolicy What happens to containers that end: Always (default), OnFailure or Never.
PodSpec.schedulerName The scheduler that gives the pod its node. Default default-scheduler.
PodSpec.securityContext Rights and users for all containers of the pod.
PodSpec.serviceAccountName The service account as which the pod runs.
PodSpec.serviceAccount The old name of serviceAccountName.
PodSpec.shareProcessNamespace Whether the containers of the pod see each other's processes. Default false.
PodSpec.subdomain The pod's host name becomes hostname.subdomain.namespace.svc.DOMAIN.
PodSpec.terminationGracePeriodSeconds Seconds between the request to end and the kill. Default 30.
PodSpec.tolerations Taints of nodes that the pod puts up with.
PodSpec.volumes Volumes that the containers may mount.
PodSecurityContext.runAsUser The user that the containers' first processes run as.
PodSecurityContext.runAsGroup The group that the containers' first processes run as.
PodSecurityContext.runAsNonRoot Refuse to start a container that would run as root.
PodSecurityContext.fsGroup A group that owns the pod's volumes and that every container gets besides its own.
PodSecurityContext.supplementalGroups More groups for every container's first process.
PodSecurityContext.sysctls Kernel parameters of the pod's own namespaces.
Container.args Arguments for the entrypoint; without them those of the image.
Container.command The entrypoint, not run in a shell; without it that of the image.
Container.env Environment variables of the container.
Container.envFrom ConfigMaps and Secrets whose keys become environment variables.
Container.image The image that the container is made from.
Container.imagePullPolicy When the image is pulled: Always, IfNotPresent or Never. Default Always for the tag latest, else IfNotPresent.
Container.lifecycle What is done right after the start and right before the end.
Container.livenessProbe A check whose failure restarts the container.
Container.name The container's name, unique in the pod.
Container.ports Ports that the container uses. This only informs: a port that is not listed can be reached all the same.
Container.readinessProbe A check whose failure takes the pod out of its services.
Container.resources CPU, memory and other resources that the container asks for and may have.
Container.securityContext Rights and users of this container; they go before the pod's.
Container.stdin Keep standard input open. Default false.
Container.stdinOnce Close standard input after the first one who attached has gone.
Container.terminationMessagePath The file from which the last words of the container are read. Default /dev/termination-log.
Container.terminationMessagePolicy Where last words come from: File (default), or FallbackToLogsOnError.
Container.tty Give the container a terminal; needs stdin. Default false.
Container.volumeDevices Block devices for the container.
Container.volumeMounts Volumes of the pod and where they appear in the container.
Container.workingDir The folder that the container starts in; without it that of the image.
EnvVar.name The variable's name.
EnvVar.value Its value. $(NAME) stands for a variable that was set before.
EnvVar.valueFrom Where the value comes from, when it is not given.
EnvVarSource.configMapKeyRef A key of a ConfigMap.
EnvVarSource.fieldRef A field of the pod, such as metadata.name, spec.nodeName or status.podIP.
EnvVarSource.resourceFieldRef A resource of the container, such as limits.cpu.
EnvVarSource.secretKeyRef A key of a Secret.
Lifecycle.postStart Done right after the container was made. If it fails, the container is ended and restarted by its policy.
Lifecycle.preStop Done before the container is ended. The grace period runs meanwhile.
Handler.exec A command in the container; status 0 is success.
Handler.httpGet A request; a status from 200 to 399 is success.
Handler.tcpSocket A connection; that it opens is success.
Probe.exec A command in the container; status 0 is success.
Probe.failureThreshold So many failures in a row after a success count as a failure. Default 3.
Probe.httpGet A request; a status from 200 to 399 is success.
Probe.initialDelaySeconds Seconds after the container's start before the first check.
Probe.periodSeconds Seconds from check to check. Default 10.
Probe.successThreshold So many successes in a row after a failure count as a success. Default 1.
Probe.tcpSocket A connection; that it opens is success.
Probe.timeoutSeconds Seconds after which a check has failed. Default 1.
HTTPGetAction.host The host to connect to; default the pod's address.
HTTPGetAction.path The path to ask for.
HTTPGetAction.port The port, by number or by name.
HTTPGetAction.scheme HTTP (default) or HTTPS.
TCPSocketAction.port The port, by number or by name.
ContainerPort.containerPort The port in the pod, from 1 to 65535.
ContainerPort.hostIP The node's address that the host port is bound to.
ContainerPort.hostPort A port of the node that leads here. With hostNetwork it must be the same as containerPort.
ContainerPort.name A name by which services can refer to the port.
ContainerPort.protocol UDP, TCP or SCTP. Default TCP.
ResourceRequirements.limits The most that may be used.
ResourceRequirements.requests The least that is needed; the scheduler goes by it. Default: the limits.
SecurityContext.privileged Run as if on the node itself. Default false.
SecurityContext.capabilities Capabilities to add and to drop.
SecurityContext.runAsUser The user of the container's first process.
SecurityContext.runAsGroup The group of the container's first process.
SecurityContext.runAsNonRoot Refuse to start as root.
SecurityContext.readOnlyRootFilesystem Whether the container's root file system cannot be written. Default false.
SecurityContext.allowPrivilegeEscalation Whether a process may gain more rights than its parent.
VolumeMount.mountPath Where the volume appears in the container.
VolumeMount.name The volume's name.
VolumeMount.readOnly Mount it for reading only. Default false.
VolumeMount.subPath A path in the volume that is mounted instead of its root.
Volume.name The volume's name, unique in the pod.
Volume.configMap The keys of a ConfigMap as files.
Volume.emptyDir An empty folder that lives as long as the pod.
Volume.hostPath A file or folder of the node. Most applications need none.
Volume.nfs A folder of an NFS server.
Volume.persistentVolumeClaim The volume that is bound to a claim of this namespace.
Volume.secret The keys of a Secret as files.
Volume.projected Several sources in one folder.
HostPathVolumeSource.path The path on the node.
HostPathVolumeSource.type What must be there: DirectoryOrCreate, Directory, FileOrCreate, File, Socket, CharDevice or BlockDevice. Default: nothing is checked.
ConfigMapVolumeSource.name The ConfigMap's name.
ConfigMapVolumeSource.items Which keys become files, and where; default all.
SecretVolumeSource.secretName The Secret's name.
Toleration.effect The effect that is put up with: NoSchedule, PreferNoSchedule or NoExecute; empty means all.
Toleration.key The taint's key; empty, with operator Exists, means all.
Toleration.operator Exists or Equal (default).
Toleration.tolerationSeconds How long a NoExecute taint is put up with; default for ever.
Toleration.value The taint's value, for operator Equal.
ServiceSpec.clusterIP The service's address. It is given by the server from the service range, or chosen; None makes a service without one. It cannot be changed.
ServiceSpec.externalIPs Addresses at which nodes take traffic for this service. Who sets them must route them there.
ServiceSpec.externalName A name that the DNS answers with, for type ExternalName.
ServiceSpec.externalTrafficPolicy Local keeps the client's address and stays on the node; Cluster hides it and spreads.
ServiceSpec.ports The ports that the service has.
ServiceSpec.publishNotReadyAddresses Whether the DNS tells addresses that are not ready.
ServiceSpec.selector Labels of the pods that the service leads to. Without it, somebody else manages the endpoints.
ServiceSpec.sessionAffinity ClientIP sends a client to the same pod again; None (default) does not.
ServiceSpec.type How the service is offered: ClusterIP (default), NodePort, LoadBalancer or ExternalName.
ServicePort.name A name for the port; needed when there are several.
ServicePort.nodePort The port on every node, for NodePort and LoadBalancer. The server gives one by default.
ServicePort.port The port at the service's address.
ServicePort.protocol TCP (default), UDP or SCTP.
ServicePort.targetPort The port at the pods, by number or by name. Default: the same as port.
NodeSpec.podCIDR The range of addresses for the node's pods.
NodeSpec.taints What keeps pods away that do not put up with it.
NodeSpec.unschedulable Whether new pods are kept off the node. By default they are not.
Taint.effect What happens to pods that do not tolerate the taint: NoSchedule, PreferNoSchedule or NoExecute.
Taint.key The taint's key.
Taint.value The taint's value.
Taint.timeAdded When a NoExecute taint came.
DaemonSetSpec.minReadySeconds Seconds that a pod must be ready to count as available. Default 0.
DaemonSetSpec.revisionHistoryLimit How many earlier states are kept for going back. Default 10.
DaemonSetSpec.selector Which pods are managed. It must match the template's labels.
DaemonSetSpec.template The pods that are made: one on each node that the template's selector allows.
DaemonSetSpec.updateStrategy How pods are replaced when the template changes.
DaemonSetUpdateStrategy.type RollingUpdate or OnDelete.
DeploymentSpec.minReadySeconds Seconds that a pod must be ready to count as available. Default 0.
DeploymentSpec.paused Whether changes of the template are not rolled out for now.
DeploymentSpec.progressDeadlineSeconds Seconds without progress after which the deployment counts as failed. Default 600.
DeploymentSpec.replicas How many pods are wanted. Default 1.
DeploymentSpec.revisionHistoryLimit How many old ReplicaSets are kept for going back. Default 10.
DeploymentSpec.selector Which pods are managed. It must match the template's labels.
DeploymentSpec.strategy How old pods are replaced by new ones.
DeploymentSpec.template The pods that are made.
DeploymentStrategy.type Recreate or RollingUpdate (default).
ReplicaSetSpec.replicas How many pods are wanted. Default 1.
ReplicaSetSpec.selector Which pods are managed. It must match the template's labels.
ReplicaSetSpec.template The pods that are made when there are too few.
StatefulSetSpec.replicas How many pods are wanted. Default 1.
StatefulSetSpec.selector Which pods are managed. It must match the template's labels.
StatefulSetSpec.serviceName The service that gives the pods their names.
StatefulSetSpec.template The pods that are made, each with a number of its own.
JobSpec.activeDeadlineSeconds Seconds after which the job is ended and has failed.
JobSpec.backoffLimit How many failures are tried again. Default 6.
JobSpec.completions How many pods must end well.
JobSpec.parallelism How many pods may run at once.
JobSpec.template The pods that are made.
CronJobSpec.schedule When jobs are made, as in cron.
CronJobSpec.jobTemplate The jobs that are made.
CronJobSpec.suspend Whether no more jobs are made. Default false.
CronJobSpec.concurrencyPolicy What happens while an earlier job still runs: Allow (default), Forbid or Replace.
LeaseSpec.acquireTime When the present holder got the lease.
LeaseSpec.holderIdentity Who holds the lease.
LeaseSpec.leaseDurationSeconds How long others wait after the last renewal before they take it.
LeaseSpec.renewTime When the holder last renewed the lease.
`;

const words: ReadonlyMap<string, string> = new Map(WORDS.trim().split('\n').map((row) => [row.slice(0, row.indexOf(' ')), row.slice(row.indexOf(' ') + 1)]));

const EMPTY = '<empty>';
/** What is said of a kind, or of a type that several kinds share. */
export const aboutKind = (kind: string): string => words.get(kind) ?? EMPTY;
/** What is said of a field of a type; `''`: a field of a whole object. */
export const aboutField = (type: string, field: string): string => words.get(`${type || '*'}.${field}`) ?? EMPTY;
