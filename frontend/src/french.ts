/** The French texts: a file of its own, which only the page of somebody who reads French loads. */
export { config_panel, exceptions } from "../../custom_components/bach/translations/fr.json";
