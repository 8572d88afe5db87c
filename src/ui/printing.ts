/** Whether the page is being put on paper: then everything is opened, and terminals are read as transcripts. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';

export class Printing implements ReactiveController {
  private readonly paper = matchMedia('print');
  constructor(private readonly host: ReactiveControllerHost) { host.addController(this); }
  get now(): boolean { return this.paper.matches; }
  private readonly onChange = (): void => this.host.requestUpdate();
  hostConnected(): void { this.paper.addEventListener('change', this.onChange); }
  hostDisconnected(): void { this.paper.removeEventListener('change', this.onChange); }
}
