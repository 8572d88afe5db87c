/**
 * Every program of the simulation by name: the one place where the rooms are joined. To add a command, add
 * it to its room's index.
 */
import { programs as gravityRoom } from '../../sim/gravity/index.ts';
import type { Program } from '../../sim/proc/program.ts';
import { programs as apiserver } from '../../sim/services/apiserver/index.ts';
import { programs as apps } from '../../sim/services/apps/index.ts';
import { programs as controllers } from '../../sim/services/controllers/index.ts';
import { programs as coredns } from '../../sim/services/coredns/index.ts';
import { programs as docker } from '../../sim/services/docker/index.ts';
import { programs as etcd } from '../../sim/services/etcd/index.ts';
import { programs as flanneld } from '../../sim/services/flanneld/index.ts';
import { programs as gravitySite } from '../../sim/services/gravity-site/index.ts';
import { programs as kubeProxy } from '../../sim/services/kube-proxy/index.ts';
import { programs as kubelet } from '../../sim/services/kubelet/index.ts';
import { programs as lab } from '../../sim/services/lab/index.ts';
import { programs as planetAgent } from '../../sim/services/planet-agent/index.ts';
import { programs as imageRegistry } from '../../sim/services/registry/index.ts';
import { programs as scheduler } from '../../sim/services/scheduler/index.ts';
import { programs as serf } from '../../sim/services/serf/index.ts';
import { programs as systemd } from '../../sim/services/systemd/index.ts';
import { programs as teleport } from '../../sim/services/teleport/index.ts';
import { provideCompletions } from '../bash/completions.ts';
import { programs as bash } from '../bash/index.ts';
import { commands as coreutils } from './coreutils/index.ts';
import { commands as etcdctl } from './etcdctl/index.ts';
import { commands as gravity } from './gravity/index.ts';
import { commands as helm } from './helm/index.ts';
import { commands as host } from './host/index.ts';
import { commands as kubectl } from './kubectl/index.ts';
import { commands as net } from './net/index.ts';
import { commands as netclient } from './netclient/index.ts';
import { commands as planet } from './planet/index.ts';
import { commands as screen } from './screen/index.ts';
import { commands as text } from './text/index.ts';

const rooms: readonly (readonly Program[])[] = [
  bash, coreutils, text, helm, host, net, netclient, kubectl, gravity, planet, screen, etcdctl,
  gravityRoom, systemd, docker, imageRegistry, etcd, flanneld, coredns, kubelet, kubeProxy, apps, apiserver, controllers, scheduler, planetAgent, serf, teleport, gravitySite, lab,
];

export const programs: Readonly<Record<string, Program>> = Object.fromEntries(rooms.flat().map((program) => [program.name, program]));

provideCompletions(Object.values(programs));
