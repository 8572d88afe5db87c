/** `describe` of roles, bindings, disruption budgets, priorities and certificate requests. Pure. */
import { formatLabels, formatSelector, type Obj } from './object.ts';
import { when, type Page } from './page.ts';

const list = (value: unknown): readonly Obj[] => (Array.isArray(value) ? (value as Obj[]) : []);
type Events = readonly Obj[] | null;

export function describeRole(page: Page, obj: Obj): void {
  page.line(0, `Name:\t${obj['metadata'].name}`);
  page.labels('Labels', obj['metadata'].labels);
  page.annotations('Annotations', obj['metadata'].annotations);
  page.line(0, 'PolicyRule:\n  Resources\tNon-Resource URLs\tResource Names\tVerbs');
  page.line(1, '---------\t-----------------\t--------------\t-----');
  for (const rule of list(obj['rules'])) {
    const groups = (rule['apiGroups'] ?? ['']) as string[];
    const resources = ((rule['resources'] ?? []) as string[]).flatMap((resource) => groups.map((group) => (group ? `${resource}.${group}` : resource)));
    for (const resource of resources.length ? resources : ['']) {
      page.line(1, `${resource}\t[${(rule['nonResourceURLs'] ?? []).join(' ')}]\t[${(rule['resourceNames'] ?? []).join(' ')}]\t[${(rule['verbs'] ?? []).join(' ')}]`);
    }
  }
}

export function describeBinding(page: Page, obj: Obj): void {
  page.line(0, `Name:\t${obj['metadata'].name}`);
  page.labels('Labels', obj['metadata'].labels);
  page.annotations('Annotations', obj['metadata'].annotations);
  page.line(0, `Role:\n  Kind:\t${obj['roleRef']?.kind ?? ''}\n  Name:\t${obj['roleRef']?.name ?? ''}`);
  page.line(0, 'Subjects:\n  Kind\tName\tNamespace');
  page.line(1, '----\t----\t---------');
  for (const subject of list(obj['subjects'])) page.line(1, `${subject['kind']}\t${subject['name']}\t${subject['namespace'] ?? ''}`);
}

export function describeBudget(page: Page, obj: Obj, events: Events): void {
  page.line(0, `Name:\t${obj['metadata'].name}`);
  page.line(0, `Namespace:\t${obj['metadata'].namespace}`);
  if (obj['spec']?.minAvailable !== undefined) page.line(0, `Min available:\t${obj['spec'].minAvailable}`);
  else if (obj['spec']?.maxUnavailable !== undefined) page.line(0, `Max unavailable:\t${obj['spec'].maxUnavailable}`);
  page.line(0, `Selector:\t${obj['spec']?.selector ? formatSelector(obj['spec'].selector) : '<unset>'}`);
  page.line(0, 'Status:');
  for (const [title, key] of [['Allowed disruptions', 'disruptionsAllowed'], ['Current', 'currentHealthy'], ['Desired', 'desiredHealthy'], ['Total', 'expectedPods']] as const) {
    page.line(1, `  ${title}:\t${obj['status']?.[key] ?? 0}`);
  }
  page.events(events);
}

export function describePriorityClass(page: Page, obj: Obj, events: Events): void {
  page.line(0, `Name:\t${obj['metadata'].name}`);
  page.line(0, `Value:\t${obj['value'] ?? 0}`);
  page.line(0, `GlobalDefault:\t${obj['globalDefault'] === true}`);
  page.line(0, `Description:\t${obj['description'] ?? ''}`);
  page.line(0, `Annotations:\t${formatLabels(obj['metadata'].annotations)}`);
  page.events(events);
}

export function describeCertificateRequest(page: Page, obj: Obj, events: Events): void {
  const conditions = list(obj['status']?.conditions).map((one) => one['type']).join(',') || 'Pending';
  page.line(0, `Name:\t${obj['metadata'].name}`);
  page.line(0, `Labels:\t${formatLabels(obj['metadata'].labels)}`);
  page.line(0, `Annotations:\t${formatLabels(obj['metadata'].annotations)}`);
  page.line(0, `CreationTimestamp:\t${when(obj['metadata'].creationTimestamp)}`);
  page.line(0, `Requesting User:\t${obj['spec']?.username ?? ''}`);
  page.line(0, `Status:\t${conditions}${obj['status']?.certificate && !conditions.includes('Pending') ? ',Issued' : ''}`);
  page.events(events);
}
