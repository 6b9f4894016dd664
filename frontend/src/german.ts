/** The German texts: a file of its own, which only the page of somebody who reads German loads. */
export { config_panel, exceptions } from "../../custom_components/bach/translations/de.json";
