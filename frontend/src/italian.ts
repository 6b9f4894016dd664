/** The Italian texts: a file of its own, which only the page of somebody who reads Italian loads. */
export { config_panel, exceptions } from "../../custom_components/bach/translations/it.json";
