import { createWorld } from 'firedrill';

const world = createWorld();                                    // boots once, some seconds; a fork costs nothing

const broken = world.fork();
broken.fault('forwarding-off', { node: 'node-1' });             // what `sysctl -w net.ipv4.ip_forward=0` does there
broken.advance(90);                                             // simulated seconds
console.log(broken.exec('node-2', 'gravity status | grep "Cluster status"').stdout.trim());
console.log(broken.view.nodes.map((node) => `${node.name} ${node.health}`).join(', '));

broken.open('a', 'node-1');                                     // a terminal, as a person has it
const { output, exit } = broken.line('a', 'sudo sysctl -w net.ipv4.ip_forward=1');
console.log(output.trim(), exit);
broken.advance(90);
console.log(broken.exec('node-2', 'gravity status | grep "Cluster status"').stdout.trim());

console.log(world.exec('node-2', 'gravity status | grep "Cluster status"').stdout.trim());  // it never felt any of this
