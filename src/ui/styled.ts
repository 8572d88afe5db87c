/** Sets style properties one by one: a strict policy forbids the style attribute that lit's styleMap begins with. */
import { nothing } from 'lit';
import { Directive, directive, type ElementPart } from 'lit/directive.js';

class Styled extends Directive {
  render(_properties: Readonly<Record<string, string>>): unknown { return nothing; }
  override update(part: ElementPart, [properties]: [Readonly<Record<string, string>>]): unknown {
    const { style } = part.element as HTMLElement;
    for (const [name, value] of Object.entries(properties)) if (style.getPropertyValue(name) !== value) style.setProperty(name, value);
    return nothing;
  }
}

export const styled = directive(Styled);
