import{a as o,e as r}from"./shared-RGJEQ7I7.js";export{r as Coatcheck,o as CoatcheckError};
