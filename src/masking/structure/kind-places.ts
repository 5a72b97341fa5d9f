import { type ResourceType, resourceGroup } from '../../domain/resource.ts';
import type { MaskingConfig } from '../config.ts';
import { type Place, type Places, parsePlace, pathOfColumn, reaches } from './places.ts';
import type { ColumnSource } from './table.ts';

/** What is known of one kind beside what names tell. */
export interface KindPlaces extends Places {
  readonly columns: ColumnSource;
}

const none: readonly string[] = [];
/** What every kind's table has, printed from the name, the namespace and the time. */
const ofAll = new Set(['Name', 'Namespace', 'Age', 'Created At']);

/** The places of each kind: of the configuration, and what the schema of a CRD declares. */
export class PlacesByKind {
  readonly #config: Pick<MaskingConfig, 'paths' | 'exceptions'> | undefined;
  readonly #known = new WeakMap<ResourceType, { readonly places: KindPlaces | undefined }>();

  constructor(config: Pick<MaskingConfig, 'paths' | 'exceptions'> | undefined) {
    this.#config = config;
  }

  /** Undefined: names tell all that there is. */
  of(type: ResourceType | undefined): KindPlaces | undefined {
    if (type === undefined) return undefined;
    const known = this.#known.get(type);
    if (known !== undefined) return known.places;
    const places = this.#make(type);
    this.#known.set(type, { places });
    return places;
  }

  #make(type: ResourceType): KindPlaces | undefined {
    const group = resourceGroup(type);
    const own = (byResource: Readonly<Record<string, readonly string[]>> | undefined): readonly string[] =>
      byResource !== undefined && Object.hasOwn(byResource, group) ? (byResource[group] ?? none) : none;
    const hide = placesOf([...own(this.#config?.paths), ...(type.declared?.passwords ?? none)]);
    const show = placesOf(own(this.#config?.exceptions.paths));
    return hide.length === 0 && show.length === 0 ? undefined : { hide, show, columns: columnsOf(type, hide) };
  }
}

const placesOf = (paths: readonly string[]): readonly Place[] =>
  paths.flatMap((path) => {
    const place = parsePlace(path);
    return place === undefined ? [] : [place];
  });

/** Where nobody knows what a column prints, it may be what is hidden. */
const columnsOf =
  (type: ResourceType, hide: readonly Place[]): ColumnSource =>
  (name, description) => {
    if (hide.length === 0) return undefined;
    const printed = type.declared?.columns[name] ?? pathOfColumn(description);
    const hidden =
      printed === undefined
        ? type.servedBy !== 'built-in' && type.declared === undefined && !ofAll.has(name)
        : hide.some((place) => reaches(printed, place));
    return hidden ? `column ${name}` : undefined;
  };
