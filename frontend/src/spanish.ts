/** The Spanish texts: a file of its own, which only the page of somebody who reads Spanish loads. */
export { config_panel, exceptions } from "../../custom_components/bach/translations/es.json";
