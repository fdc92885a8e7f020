import { expandTemplate } from "./template.ts";

/** A shared subscription: what names the group of those who share it stands before the filter. */
const SHARED = /^\$share\/[^/]*\//;

/** What stands before every topic of one client towards the broker (`topics.mountpoint`), so that it only sees what is below. */
export class Mountpoint {
  readonly prefix: string;

  constructor(template: string, clientId: string) {
    this.prefix = expandTemplate(template, clientId);
  }

  /** What the broker calls a topic of the client. */
  topic(name: string): string {
    return this.prefix + name;
  }

  /** The same for a filter. */
  filter(filter: string): string {
    const shared = SHARED.exec(filter)?.[0] ?? "";
    return shared + this.prefix + filter.slice(shared.length);
  }

  /** What the client calls a topic of the broker; undefined where that is not below the mountpoint. */
  name(topic: string): string | undefined {
    const { length } = this.prefix;
    return topic.length > length && topic.startsWith(this.prefix) ? topic.slice(length) : undefined;
  }
}
